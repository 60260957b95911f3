/// How many events of each stream a module is given at once.
///
/// Each batch costs some round trips, so it grows while batches are quickly done. One that takes long is waited for
/// by whoever switches the module off, and all of it is handled again after a crash.
struct BatchSize {
    private var count = Self.least

    private static let least = 256
    /// Redis reads so many in a millisecond, for which everybody else waits.
    private static let most = 1_024
    private static let patience = Duration.milliseconds(50)
    /// While others want Redis, too: modules that keep up, or somebody who waits for an answer.
    private static let besideModules = 192
    private static let besideCommands = 16

    func count(givingWayTo other: RightOfWay.Holder?) -> Int {
        switch other {
        case nil: count
        case .module: Self.besideModules
        case .command: Self.besideCommands
        }
    }

    /// - Parameter time: what a full batch took.
    mutating func adapt(to time: Duration) {
        count = time > Self.patience ? Self.least : min(2 * count, Self.most)
    }
}
