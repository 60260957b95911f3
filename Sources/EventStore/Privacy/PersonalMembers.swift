/// Which members of a topic's entities tell of a person, and of whom.
public struct PersonalMembers: Sendable {
    /// The member that names the person: the keys are kept under its value.
    public let subject: String
    /// For each member, what stands in its place when it has become unreadable.
    let placeholders: [String: String]

    public init(_ placeholders: [String: String], of subject: String) {
        self.placeholders = placeholders
        self.subject = subject
    }
}
