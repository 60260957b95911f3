/// All series of one name: what it is, and how it is measured.
public struct Family: Sendable {
    public enum Kind: String, Sendable {
        /// Only ever grows, from 0 at the start of the process. Its samples end with `_total`.
        case counter
        case gauge
        /// Counts of observed values up to each bound, with their sum.
        case histogram
    }

    /// Without `_total`; with the unit at its end where there is one: `ordershop_command_duration_seconds`.
    public let name: String
    public let kind: Kind
    public let help: String
    /// Upper bounds of a histogram's buckets, ascending; infinity comes by itself.
    public let bounds: [Double]

    public static func counter(_ name: String, _ help: String) -> Family {
        Family(name: name, kind: .counter, help: help, bounds: [])
    }

    public static func gauge(_ name: String, _ help: String) -> Family {
        Family(name: name, kind: .gauge, help: help, bounds: [])
    }

    /// - Parameter bounds: of the buckets; those for durations in seconds unless said otherwise.
    public static func histogram(_ name: String, _ help: String, bounds: [Double] = durations) -> Family {
        Family(name: name, kind: .histogram, help: help, bounds: bounds)
    }

    /// From a tenth of a millisecond to ten seconds: what waits for Redis is at the lower end, what waits for a
    /// network at the upper.
    public static let durations = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
}
