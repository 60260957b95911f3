/// Which read models of a shop are whole, as far as this store knows.
///
/// A shop that an older version of this program wrote has none of the read models that came later. Until they are built,
/// nothing is read from them: it would be too little.
public struct ReadModelStanding: Sendable, Hashable {
    /// Those that are not whole.
    public internal(set) var missing: Set<String> = []
    /// How many events have been folded for them so far.
    public internal(set) var events = 0
    /// Daemons of another version that keep them from being built, as they append events without writing to them.
    public internal(set) var obstacles: [String] = []

    public var isWhole: Bool { missing.isEmpty }
}

extension ReadModelStanding {
    func refusal(of name: String) -> StoreError {
        let reason =
            obstacles.isEmpty
            ? "\(events) events have been read so far"
            : "which waits for daemons of another version to end: \(obstacles.joined(separator: ", "))"
        return StoreError(
            .building, "the index \(name) is being built after an upgrade (\(reason)): try again, or ask without it"
        )
    }
}
