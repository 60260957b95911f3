import EventStore
import HandlerRuntime
import JSON
import Synchronization

/// That an event was heard.
struct Echo: Entity {
    static let definition = TopicDefinition("echo")

    let id: ID<Echo>
    /// The id of the entity of the event.
    let source: String

    init(id: ID<Echo> = .random(), source: String) {
        self.id = id
        self.source = source
    }

    init(id: ID<Echo>, fields: Fields) throws(Fields.Mismatch) {
        self.init(id: id, source: try fields.string("source"))
    }

    func write(to writer: inout JSONWriter) { writer.member("source", source) }
}

/// Says an echo of every counter that is made or changed.
struct EchoModule: HandlerModule {
    let name = "echo"
    let summary = "Echoes"
    let topics = [Echo.definition]
    let ear = Ear()

    var subscriptions: [Subscription] {
        [
            Subscription(Counter.topic, .created, reaction: answer),
            Subscription(Counter.topic, .updated, reaction: answer),
        ]
    }

    private func answer(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        try ear.hear(event)
        unit.create(Echo(id: ear.nextID(), source: event.decoded()?["id"]?.string ?? ""))
    }
}

/// Hears of every counter that is made, and says nothing.
struct SilentModule: HandlerModule {
    let name: String
    let summary = "Silence"
    let ear = Ear()

    var subscriptions: [Subscription] {
        [Subscription(Counter.topic, .created) { event, _ in try ear.hear(event) }]
    }

    func start() async throws { try ear.start() }
    func stop() async { ear.stop() }
}

/// What a module was told, and what it shall do about it.
final class Ear: Sendable {
    struct Deaf: Error {}

    private struct State {
        var heard: [EventID] = []
        var isDeaf = false
        var poison: String?
        var isBusy = false
        var busyTries = 0
        var fixedID: String?
        var starts = 0
        var stops = 0
    }

    private let state = Mutex(State())

    var heard: [EventID] { state.withLock(\.heard) }
    var starts: Int { state.withLock(\.starts) }
    var stops: Int { state.withLock(\.stops) }

    func hear(_ event: RecordedEvent) throws {
        try state.withLock { state in
            if state.isBusy {
                state.busyTries += 1
                throw TryLater("not now")
            }
            let isPoisoned = state.poison.map { event.decoded()?["value"]?.number?.text == $0 } ?? false
            if state.isDeaf || isPoisoned { throw Deaf() }
            state.heard.append(event.id)
        }
    }

    func start() throws {
        try state.withLock { state in
            if state.isDeaf { throw Deaf() }
            state.starts += 1
        }
    }

    func stop() { state.withLock { $0.stops += 1 } }

    /// From now on, or no longer, every event makes it throw.
    func setDeaf(_ isDeaf: Bool) { state.withLock { $0.isDeaf = isDeaf } }
    /// From now on a counter with this value makes it throw; nil: none does.
    func setPoison(_ value: String?) { state.withLock { $0.poison = value } }
    /// From now on, or no longer, it has no time.
    func setBusy(_ isBusy: Bool) { state.withLock { $0.isBusy = isBusy } }
    var busyTries: Int { state.withLock(\.busyTries) }
    /// From now on all that is made has this id; nil: one of its own.
    func setID(_ id: String?) { state.withLock { $0.fixedID = id } }
    func nextID() -> ID<Echo> { state.withLock(\.fixedID).map { ID($0) } ?? .random() }
}
