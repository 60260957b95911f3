import EventStore
import HandlerRuntime
import JSON
import JSONRPC
import Logging

/// `….watch`: how things are, in the answer, and then each change, as a notification, until the client goes.
extension ControlMethod {
    static func watches(
        _ supervisor: Supervisor, _ status: DaemonStatus, _ store: Store, _ jobs: Jobs
    ) -> [ControlMethod] {
        [events(supervisor, store), modules(status), watch(jobs), log()]
    }

    private static func events(_ supervisor: Supervisor, _ store: Store) -> ControlMethod {
        ControlMethod(
            "event.watch",
            "Tells of events as they happen, in order, each once: notifications 'event'. Whoever was cut off goes on "
                + "behind the last one that came.",
            EventFilter.fields + [
                Field("after", .moment, required: false, "begin behind this place; now")
            ], returns: .object
        ) { (parameters, _) async throws(Refusal) -> JSONRPCReply in
            let filter = try EventFilter(parameters, store)
            let place = try await start(parameters, store)
            return .watch(["after": .string("\(place)")]) { connection in
                await EventFeed(filter, store, supervisor.news, from: place).run(to: connection)
            }
        }
    }

    private static func start(_ parameters: JSONObject, _ store: Store) async throws(Refusal) -> EventID {
        if let moment = parameters["after"]?.string.flatMap({ Moment($0) }) { return moment.event }
        do { return try await store.lastIssued() } catch { throw Refusal(error) }
    }

    private static func modules(_ status: DaemonStatus) -> ControlMethod {
        ControlMethod(
            "module.watch", "The modules as they are, then each that changes: notifications 'module'.",
            returns: .objects
        ) { (_, _) async throws(Refusal) -> JSONRPCReply in
            let before = await status.modules()
            return .watch(before) { connection in
                await tell(connection, "module", every: .milliseconds(500), from: before) { await status.modules() }
            }
        }
    }

    private static func watch(_ jobs: Jobs) -> ControlMethod {
        ControlMethod(
            "job.watch", "A job as it is, then each change until it ends: notifications 'job'.",
            [Field("job", .integer(1...Int64.max), "the job's number")], returns: .object
        ) { (parameters, _) async throws(Refusal) -> JSONRPCReply in
            let id = Int(parameters["job"]?.number?.int64 ?? 0)
            guard let job = jobs.job(id) else {
                throw Refusal(.notFound, "there is no job \(id): job.list shows those that are remembered")
            }
            return .watch(job.json) { connection in
                await tell(connection, "job", every: .milliseconds(100), from: [job.json]) {
                    // A job that has ended changes no more.
                    jobs.job(id).map { [$0.json] } ?? .null
                }
            }
        }
    }

    private static func log() -> ControlMethod {
        let level = Schema.choice(Logger.Level.allCases.map(\.rawValue))
        return ControlMethod(
            "log.watch",
            "The last messages of the log, then each as it is logged: notifications 'log'. Who reads too slowly for "
                + "the log is told how many went by: 'log.missed'.",
            [Field("level", level, required: false, "the least severe that is told of; what is logged")],
            role: .operator, returns: .objects
        ) { (parameters, _) async throws(Refusal) -> JSONRPCReply in
            let least = parameters["level"]?.string.flatMap { Logger.Level(rawValue: $0) } ?? .trace
            let log = LogTail.shared.follow()
            let shown = log.last.filter { $0.level >= least }
            return .watch(.array(shown.map(\.json))) { connection in
                try? await tell(connection, of: log, from: least)
            }
        }
    }

    private static func tell(
        _ connection: JSONRPCConnection, of log: LogTail.Following, from least: Logger.Level
    ) async throws {
        for await entry in log.next {
            let missed = log.takeMissed()
            if missed > 0 { try await connection.notify("log.missed", ["count": .count(missed)]) }
            if entry.level >= least { try await connection.notify("log", entry.json) }
        }
    }

    /// Looks from time to time, and tells of every element that is not as it was, until nothing is left to look at.
    private static func tell(
        _ connection: JSONRPCConnection, _ method: String, every pause: Duration, from before: JSONValue,
        _ look: () async -> JSONValue
    ) async {
        var known = before.array ?? []
        while (try? await Task.sleep(for: pause)) != nil, connection.isOpen {
            guard let now = await look().array else { return }
            for element in now where !known.contains(element) {
                guard (try? await connection.notify(method, element)) != nil else { return }
            }
            known = now
        }
    }
}

/// Events on their way to one client.
private struct EventFeed {
    private let filter: EventFilter
    private let store: Store
    private let news: News
    private let start: EventID

    init(_ filter: EventFilter, _ store: Store, _ news: News, from start: EventID) {
        (self.filter, self.store, self.news, self.start) = (filter, store, news, start)
    }

    func run(to connection: JSONRPCConnection) async {
        var positions = Dictionary(filter.streams.map { ($0, start) }) { $1 }
        for await _ in news.rings() {
            repeat {
                // While Redis is away there is nothing to tell; its return rings.
                guard let batch = try? await store.read(filter.streams, after: positions, count: 200) else { break }
                for event in batch.events where filter.takes(event) {
                    guard (try? await connection.notify("event", .object(event.json))) != nil else { return }
                }
                positions = batch.positions
                if !batch.isFull { break }
            } while !Task.isCancelled
        }
    }
}
