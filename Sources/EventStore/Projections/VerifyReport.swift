/// Something kept in Redis that is not what follows from the events.
public struct Difference: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// The events say that it is there.
        case missing
        /// No event speaks of it.
        case extra
        /// It is there, but not like this.
        case differing
    }

    public let kind: Kind
    /// The key in Redis.
    public let key: String
    /// The field of a hash, the member of a set; nil for the whole key.
    public let field: String?
    /// What follows from the events, shortened; nil where there is nothing to show.
    public let expected: String?
    /// What stands there, shortened.
    public let found: String?

    init(_ kind: Kind, _ key: String, field: String? = nil, expected: String? = nil, found: String? = nil) {
        self.kind = kind
        self.key = key
        self.field = field
        self.expected = expected.map(Self.short)
        self.found = found.map(Self.short)
    }

    /// nil stands for nothing: what is expected is missing, what is found is extra.
    init(_ key: String, _ field: String?, expected: String?, found: String?) {
        let kind: Kind = expected == nil ? .extra : found == nil ? .missing : .differing
        self.init(kind, key, field: field, expected: expected, found: found)
    }

    private static func short(_ text: String) -> String { text.count > 80 ? text.prefix(79) + "…" : text }
}

/// What came of comparing a part of what is kept.
public struct VerifyTally: Sendable {
    /// A topic, or `indexes`.
    public let name: String
    /// How many entities there are, or entries of indexes.
    public internal(set) var checked = 0
    public private(set) var counts: [Difference.Kind: Int] = [:]
    /// How many of the differences were put right.
    public private(set) var mended = 0
    /// What changed so often that it could not be compared.
    public internal(set) var unsettled = 0
    /// The first differences.
    public private(set) var examples: [Difference] = []

    /// Differences beyond so many are only counted.
    public static let maxExamples = 100

    init(_ name: String) { self.name = name }

    public var differences: Int { counts.values.reduce(0, +) }

    mutating func note(_ difference: Difference, isMended: Bool) {
        counts[difference.kind, default: 0] += 1
        if isMended { mended += 1 }
        if examples.count < Self.maxExamples { examples.append(difference) }
    }
}

/// What came of folding all events afresh and comparing.
public struct VerifyReport: Sendable {
    public internal(set) var tallies: [VerifyTally] = []

    public var differences: Int { tallies.reduce(0) { $0 + $1.differences } }
    public var mended: Int { tallies.reduce(0) { $0 + $1.mended } }
    public var unsettled: Int { tallies.reduce(0) { $0 + $1.unsettled } }
    public var examples: ArraySlice<Difference> {
        tallies.flatMap(\.examples).prefix(VerifyTally.maxExamples)
    }
}

/// How far a verification has come.
public struct VerifyProgress: Sendable {
    /// What is being compared: a topic, or `indexes`.
    public let name: String
    /// How many events have been read of it so far; most are read once, those behind the first of an entity twice.
    public let events: Int
}
