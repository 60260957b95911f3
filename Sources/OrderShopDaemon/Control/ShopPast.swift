import Archive
import EventStore
import HandlerRuntime
import JSON
import Logging

/// A shop's trimmed streams and its archives, as operators ask for them.
struct ShopPast: Sendable {
    private let supervisor: Supervisor
    let store: Store
    private let directory: ArchiveDirectory
    private let retention: Retention

    init(supervisor: Supervisor, store: Store, settings: Settings, logger: Logger) {
        self.supervisor = supervisor
        self.store = store
        directory = ArchiveDirectory(path: settings.archiveDirectory)
        retention = Retention(store: store, shop: settings.shop, directory: directory, logger: logger)
    }

    // MARK: Trimming

    func trim(before: EventID, isDryRun: Bool) async throws(Refusal) -> JSONValue {
        let report = try await refusing { () async throws(ArchiveError) in
            isDryRun
                ? try await retention.preview(before: before)
                : try await retention.apply(before: before, progress: Jobs.Reporter.progress)
        }
        var object = JSONObject([
            ("cut", report.cut.map { .string("\($0)") } ?? .null), ("events", .count(report.events)),
        ])
        if let archive = report.archive { object["archive"] = .string(archive.file) }
        if report.resumed > 0 { object["resumed"] = .count(report.resumed) }
        if isDryRun { object["held_by"] = .array(report.holders.map(\.json)) }
        return .object(object)
    }

    func standing() async throws(Refusal) -> JSONValue {
        let archives = try await refusing { () async throws(ArchiveError) in try await directory.list() }
        do {
            let standing = try await store.retention()
            let newest = try await store.lastEvent(upTo: .latest) ?? .zero
            let holders = try await store.holders(of: newest)
            var object = JSONObject([("cut", standing.map { .string("\($0.cut)") } ?? .null)])
            if let standing {
                object["trimmed_up_to"] = .time(standing.cut)
                object["trimmed_at"] = .number(JSONNumber(standing.at))
                object["archive"] = .string(standing.archive)
                object["is_unfinished"] = standing.unfinished.isEmpty ? nil : true
            }
            object["directory"] = .string(directory.path)
            object["archives"] = .count(archives.count)
            object["held_by"] = .array(holders.map(\.json))
            object["streams"] = .array(try await store.streamSizes().map { json("stream", "\($0)", $1) })
            object["snapshots"] = .array(try await store.snapshotSizes().map { json("topic", "\($0)", $1) })
            return .object(object)
        } catch { throw Refusal(error) }
    }

    private func json(_ kind: String, _ name: String, _ size: StreamSize) -> JSONValue {
        [
            kind: .string(name), kind == "topic" ? "entities" : "events": .count(size.events),
            "oldest": size.oldest.map { .time($0) } ?? .null, "bytes": .count(size.bytes),
        ]
    }

    // MARK: Archives

    func archives() async throws(Refusal) -> JSONValue {
        try await refusing { () async throws(ArchiveError) in .array(try await directory.list().map(\.json)) }
    }

    func verify(_ file: String) async throws(Refusal) -> JSONValue {
        try await refusing { () async throws(ArchiveError) in
            try await directory.verify(file, progress: Jobs.Reporter.progress).json
        }
    }

    func events(of file: String, after position: EventID, limit: Int) async throws(Refusal) -> JSONValue {
        try await refusing { () async throws(ArchiveError) in
            .array(try await directory.events(of: file, after: position, limit: limit))
        }
    }

    /// Disables the modules for the time of it, so that nobody writes or handles what is half there. Where it breaks
    /// off in the middle they stay disabled.
    func restore(_ file: String) async throws(Refusal) -> JSONValue {
        let disabled = try await disableAll()
        let report: Restoration.Report
        do throws(ArchiveError) {
            let restoration = Restoration(store: store, directory: directory)
            report = try await restoration.restore(file, progress: Jobs.Reporter.progress)
        } catch {
            guard (try? await store.isRestoring()) == false else {
                throw Refusal(error, behind: "The modules stay disabled: repeat it, then enable them")
            }
            try await enable(disabled)
            throw Refusal(error)
        }
        try await enable(disabled)
        var object = JSONObject([
            ("events", .count(report.events)), ("shop", .string(report.archive.shop)),
            ("last", .string("\(report.archive.last)")),
        ])
        if let position = report.resumedAt { object["resumed_behind"] = .string("\(position)") }
        return .object(object)
    }

    /// - Returns: those that were enabled.
    private func disableAll() async throws(Refusal) -> [String] {
        let handling = Set(
            supervisor.registry.modules.filter { !$0.topics.isEmpty || !$0.subscriptions.isEmpty }.map(\.name))
        let enabled = await supervisor.status().filter { $0.isEnabled && handling.contains($0.name) }.map(\.name)
        for name in enabled { try await supervisor.disable(name) }
        return enabled
    }

    private func enable(_ names: [String]) async throws(Refusal) {
        for name in names { try await supervisor.setEnabled(true, module: name) }
    }

    private func refusing<T>(_ body: () async throws(ArchiveError) -> T) async throws(Refusal) -> T {
        do throws(ArchiveError) { return try await body() } catch { throw Refusal(error) }
    }
}

extension Refusal {
    init(_ error: ArchiveError, behind more: String? = nil) {
        let message = ([error.message] + [more].compactMap(\.self)).joined(separator: ". ")
        switch error.code {
        case .badName:
            self.init(.invalid, message, violations: [Violation("/file", "must be the name of an archive")])
        case .notFound: self.init(.notFound, message)
        case .damaged, .exists, .held, .notRestorable: self.init(.conflict, message)
        case .busy, .changed: self.init(.conflict, message, retryAfter: .seconds(5))
        case .io: self.init(.unavailable, message)
        case .store:
            let refusal = error.cause.map { Refusal($0) }
            self.init(refusal?.code ?? .unavailable, message, retryAfter: refusal?.retryAfter)
        }
    }
}

extension RetentionHolder {
    fileprivate var json: JSONValue {
        switch reason {
        case .behind(let stream, let checkpoint):
            [
                "module": .string(module), "stream": .string("\(stream)"),
                "handled": checkpoint.map { .string("\($0)") } ?? .null, "waiting": .count(count),
            ]
        case .parked(let first):
            ["module": .string(module), "parked": .string("\(first)"), "waiting": .count(count)]
        }
    }
}
