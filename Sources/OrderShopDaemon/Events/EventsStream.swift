import EventStore
import GatewayService
import HandlerRuntime
import JSON

/// `GET /events`: what happens, as it happens, in the order of the shop, each event once.
struct EventsStream: Sendable {
    static let path = "/events"
    /// What may stand behind the question mark.
    static let fields = [
        Field("topic", .line(1...1_000).example("order"), required: false, "only of these topics"),
        Field("action", .line(1...1_000).example("created"), required: false, "only of these actions"),
        Field("entity", .line(1...4_000), required: false, "only of these entities, each as TOPIC:ID"),
        Field(
            "after", .moment, required: false,
            "begin behind this place: an event's id, 0 for the first that there is, or a time; now"),
    ]

    let hub: EventHub

    var stream: GatewayStream {
        GatewayStream(Self.path) { request async throws(Refusal) in
            try Self.check(request.query)
            let selection = try selection(request.query)
            let place = try await place(request)
            let seat = try hub.join(hangUp: request.hangUp)
            let cursor = EventCursor(selection, from: place, hub)
            return { write in try await seat.serve(cursor, write) }
        }
    }

    private static func check(_ query: [(name: String, value: String)]) throws(Refusal) {
        let unknown = query.first { pair in !fields.contains { $0.name == pair.name } }
        guard let unknown else { return }
        let known = fields.map(\.name).joined(separator: ", ")
        throw Refusal([Violation("/\(unknown.name)", "is not known here: \(known) are")])
    }

    private func selection(_ query: [(name: String, value: String)]) throws(Refusal) -> EventSelection {
        try EventSelection(
            topics: Self.list("topic", query), actions: Self.list("action", query),
            entities: Self.list("entity", query), hub.store)
    }

    /// Each may stand there more than once, and name more than one, with commas between them.
    private static func list(_ name: String, _ query: [(name: String, value: String)]) -> [String] {
        query.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map(String.init) }
    }

    private func place(_ request: GatewayStream.Request) async throws(Refusal) -> EventID {
        if let last = request.lastEventID, !last.isEmpty {
            guard let id = EventID(last) else {
                throw Refusal(.malformed, "the field Last-Event-ID must have an event id, as the events came with")
            }
            return id
        }
        if let after = request.query.last(where: { $0.name == "after" })?.value {
            guard let moment = Moment(after) else {
                throw Refusal([Violation("/after", "must be \(Moment.expected)")])
            }
            return moment.event
        }
        do throws(StoreError) { return try await hub.store.lastIssued() } catch { throw Refusal(error) }
    }
}
