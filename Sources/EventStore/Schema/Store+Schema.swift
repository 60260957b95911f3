import NIOCore

extension Store {
    /// An event for caches and indexes: in the form that modules take, as it stands sealed in its stream.
    func current(_ event: RecordedEvent) -> RecordedEvent {
        let schema = event.metadata.first { $0.name == "schema" }.map { ByteBuffer(string: $0.value) }
        let read = catalogue.read(event.stored, of: event.stream.topic, schema: schema)
        return RecordedEvent(
            id: event.id, stream: event.stream, name: event.name, entity: read.text, metadata: event.metadata,
            isNewer: read.isNewer)
    }
}
