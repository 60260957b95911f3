import JSON

/// Numbers 1, 2, 3 … without a gap, one for each entity of a kind that comes to be.
///
/// Nobody knows an entity's number before the step that appends its first event: Redis issues it there, and a step that
/// is refused takes none. Until then a placeholder stands in its place, in the entity's text and in whatever is written
/// of it.
public struct NumberSequence: Sendable, Hashable {
    public let name: String

    public init(_ name: String) { self.name = name }

    /// What stands for a number that is not issued yet. No number is negative, so it cannot be taken for one.
    ///
    /// It must stand in the entity's text before anything that a user can write, as its first occurrence is replaced.
    public static let placeholder: Int64 = -9_000_000_000_000_001

    /// What its last number is called among the read models.
    var readModel: String { "\(name) numbers" }

    static let placeholderText = String(placeholder)
}

extension Projection {
    /// Keeps the sequence's last number at the highest that an entity ever had, so that it follows from the events.
    public static func sequence(_ sequence: NumberSequence, of topic: Topic, by property: String) -> Projection {
        Projection(of: topic, named: sequence.readModel) { change in
            let old = change.before?[property]?.number
            guard let new = change.after?[property]?.number, new != old else { return [] }
            return [.reach(sequence, number: new.text)]
        }
    }
}
