import Foundation

extension History {
    /// The time in unix seconds.
    static var now: Double { Date().timeIntervalSince1970 }
}
