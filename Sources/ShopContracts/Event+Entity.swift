public import EventStore
public import HandlerRuntime

extension RecordedEvent {
    /// The entity that the event tells of.
    /// - Throws: where the stored text is not such an entity.
    public func entity<E: Entity>(_ type: E.Type = E.self) throws -> E {
        guard let object = decoded() else {
            throw Refusal(.internalError, "the event \(id) of \(stream) holds no JSON object")
        }
        do { return try E(stored: object) } catch {
            throw Refusal(.internalError, "the event \(id) of \(stream) lacks a right \(error.name)")
        }
    }
}
