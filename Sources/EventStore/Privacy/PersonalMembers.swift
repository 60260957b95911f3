/// Which members of a topic's entities tell of a person, and of whom.
public struct PersonalMembers: Sendable {
    /// The member that names the person: the keys are kept under its value.
    public let subject: String
    /// For each member, what stands in its place when it has become unreadable.
    let placeholders: [String: String]
    /// Those by whose values entities can be looked up all the same: by their hashes under the shop's key. The case of
    /// letters does not count.
    let hashed: [String]

    public init(_ placeholders: [String: String], of subject: String, hashed: [String] = []) {
        self.placeholders = placeholders
        self.hashed = hashed
        self.subject = subject
    }
}
