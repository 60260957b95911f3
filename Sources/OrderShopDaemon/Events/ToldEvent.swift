import EventStore
import HandlerRuntime
import JSON
import NIOCore

/// An event as all clients of `/events` are sent it. Made once, however many they are.
struct ToldEvent: Sendable {
    let id: EventID
    let stream: StreamKey
    let entity: EntityKey
    /// The message on the wire.
    let message: ByteBuffer
    /// nil: for ever.
    private let validity: Validity?

    /// What is known of persons is told only as long as nobody can have been erased since it was read.
    struct Validity: Sendable {
        let erasures: Int
        let until: ContinuousClock.Instant

        /// What is read now.
        static func now(in store: Store) -> Validity {
            Validity(erasures: store.erasures, until: .now + Store.revealedLife)
        }
    }

    init(_ event: RecordedEvent, _ validity: Validity) {
        self.validity = event.isSealed ? validity : nil
        let json = event.json
        id = event.id
        stream = event.stream
        // As `RecordedEvent.entityKey`, without decoding the entity once more.
        entity = EntityKey(
            topic: stream.topic, id: json["entity"]?.object?["id"]?.string ?? event.id.description)
        message = ServerSentEvent.message(id: event.id, data: .object(json))
    }

    func holds(at erasures: Int) -> Bool {
        validity.map { $0.erasures == erasures && $0.until > .now } ?? true
    }
}

/// The words of Server-Sent Events.
enum ServerSentEvent {
    /// What a stream begins with: something to flush for whoever is in between, how soon to come back, in
    /// milliseconds, and where to go on, also if nothing happens until then.
    static func opening(at place: EventID) -> ByteBuffer {
        ByteBuffer(string: ": the shop's events\nretry: 1000\nid: \(place)\n\n")
    }

    /// Says nothing, and moves the place where to go on.
    static func heartbeat(at place: EventID?) -> ByteBuffer {
        ByteBuffer(string: place.map { ":\nid: \($0)\n\n" } ?? ":\n\n")
    }

    static func message(id: EventID, data: JSONValue) -> ByteBuffer {
        var message = ByteBuffer(string: "id: \(id)\ndata: ")
        message.writeBytes(data.bytes)
        message.writeStaticString("\n\n")
        return message
    }

    /// Events behind a place were trimmed before they could be told of.
    static func gap(after place: EventID, trimmedThrough cut: EventID) -> ByteBuffer {
        let data: JSONValue = ["after": .string("\(place)"), "trimmed_through": .string("\(cut)")]
        return ByteBuffer(string: "event: gap\ndata: \(data.text)\n\n")
    }
}
