public import NIOCore

/// An event with everything that stands in its entry, byte for byte and in order: what an archive keeps of it.
public struct StoredEvent: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public let name: ByteBuffer
        public let value: ByteBuffer

        public init(name: ByteBuffer, value: ByteBuffer) {
            self.name = name
            self.value = value
        }
    }

    public let id: EventID
    public let stream: StreamKey
    public let fields: [Field]

    public init(id: EventID, stream: StreamKey, fields: [Field]) {
        self.id = id
        self.stream = stream
        self.fields = fields
    }

    /// As modules see it, but in the form in which it was written.
    public var recorded: RecordedEvent {
        var name = ByteBuffer()
        var entity = ByteBuffer()
        var metadata: [(name: String, value: String)] = []
        for field in fields {
            switch String(buffer: field.name) {
            case "event_id": name = field.value
            case "entity": entity = field.value
            case let name: metadata.append((name, String(buffer: field.value)))
            }
        }
        return RecordedEvent(id: id, stream: stream, name: name, entity: entity, metadata: metadata)
    }
}
