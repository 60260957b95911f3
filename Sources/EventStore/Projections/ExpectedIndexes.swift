/// One entry of a read model: a member of a sorted set, or a field of a hash.
struct IndexPoint: Sendable, Hashable {
    enum Kind: Sendable { case index, ranking, unique, sequence }

    let kind: Kind
    let key: String
    /// The id in an index; the value in a unique index; nothing for a sequence.
    let member: String
    /// Who has the value, where that is known.
    var holder: String?

    var name: Fingerprint { Fingerprint(key, member) }
}

extension ReadModelWrite {
    /// The entry that is written to; nil for what is no index.
    func point(_ keys: Keyspace) -> IndexPoint? {
        switch self {
        case .add(let index, let value, let id), .remove(let index, let value, let id):
            IndexPoint(kind: .index, key: keys.index(index, value), member: id)
        case .rank(let ranking, _, let member), .unrank(let ranking, let member):
            IndexPoint(kind: .ranking, key: keys.ranking(ranking), member: member)
        case .claim(let index, let value, let id):
            IndexPoint(kind: .unique, key: keys.unique(index), member: value, holder: id)
        case .release(let index, let value):
            IndexPoint(kind: .unique, key: keys.unique(index), member: value)
        case .reach(let sequence, _): .last(of: sequence, keys)
        case .command: nil
        }
    }
}

extension IndexPoint {
    static func last(of sequence: NumberSequence, _ keys: Keyspace) -> IndexPoint {
        IndexPoint(kind: .sequence, key: keys.sequence(sequence), member: "")
    }
}

/// What must stand in the indexes after the events that were folded so far, 53 bytes an entry.
struct ExpectedIndexes {
    struct Entry {
        /// The score; or the fingerprint of the id that has the value; or the last number.
        fileprivate(set) var content = (UInt64(0), UInt64(0))
        fileprivate(set) var isThere = false
        /// Whether it was found as it must be.
        var isSeen = false

        var score: UInt64 { content.0 }
        var number: UInt64 { content.0 }

        func isHolder(_ id: String) -> Bool { content == ExpectedIndexes.words(id) }
    }

    private let keys: Keyspace
    private var entries = FingerprintTable<Entry>(capacity: 1_000, empty: Entry())
    /// The names of the indexes that were ever written to. What nobody here writes to is nobody's here to judge.
    private(set) var names: Set<String> = []
    private(set) var rankings: Set<String> = []
    private(set) var uniques: Set<UniqueIndex> = []
    private(set) var sequences: Set<NumberSequence> = []

    init(_ keys: Keyspace) { self.keys = keys }

    var count: Int { entries.all.count { $0.isThere } }
    var unseen: Int { entries.all.count { $0.isThere && !$0.isSeen } }

    /// nil where there must be none.
    subscript(_ point: IndexPoint) -> Entry? { entries[point.name].flatMap { $0.isThere ? $0 : nil } }

    mutating func see(_ point: IndexPoint) { entries[point.name]?.isSeen = true }

    /// As the step that appended the event wrote it.
    mutating func apply(_ step: IndexFold.Step) {
        guard let point = step.write.point(keys) else { return }
        var entry = entries[point.name] ?? Entry()
        switch step.write {
        case .add(let index, _, _):
            names.insert(index)
            // Who is in it already keeps his place.
            if !entry.isThere { entry.content = (step.id.score, 0) }
            entry.isThere = true
        case .rank(let ranking, let score, _):
            rankings.insert(ranking)
            entry.content = (score, 0)
            entry.isThere = true
        case .unrank(let ranking, _):
            rankings.insert(ranking)
            entry.isThere = false
        case .claim(let index, _, let id):
            uniques.insert(index)
            entry.content = Self.words(id)
            entry.isThere = true
        case .remove(let index, _, _):
            names.insert(index)
            entry.isThere = false
        case .release(let index, _):
            uniques.insert(index)
            entry.isThere = false
        case .reach(let sequence, let number):
            sequences.insert(sequence)
            entry.content = (max(entry.number, UInt64(number) ?? 0), 0)
            entry.isThere = true
        case .command: break
        }
        entries[point.name] = entry
    }

    /// Whether the step put the entry there as it must be now.
    func isDecided(by step: IndexFold.Step, _ point: IndexPoint) -> Bool {
        guard let entry = self[point] else { return false }
        switch step.write {
        case .add: return entry.score == step.id.score
        case .rank(_, let score, _): return entry.score == score
        case .claim(_, _, let id): return entry.isHolder(id)
        case .remove, .unrank, .release, .reach, .command: return false
        }
    }

    fileprivate static func words(_ id: String) -> (UInt64, UInt64) {
        let name = Fingerprint(id)
        return (name.high, name.low)
    }
}
