/// Where a command comes from: fields that stand in the events that it causes, behind the entity.
public struct Origin: Sendable {
    public let metadata: [(name: String, value: String)]

    public init(_ metadata: [(name: String, value: String)]) { self.metadata = metadata }

    /// Nothing that would be worth its bytes.
    public static let unknown = Origin([])
}
