import EventStore
import Glibc
import HandlerRuntime
import JSON
import NIOCore

/// The truth about the daemon, for `daemon.status`, systemd and the watchdog.
struct DaemonStatus: Sendable {
    let settings: Settings
    /// The settings that hold, with those that have changed since the start.
    let shown: Live<Settings>
    let supervisor: Supervisor
    let health: RedisHealth
    let isEmbedded: Bool
    let started = UnixSeconds.now
    private let bound = Live<ListenAddress?>(nil)
    private let refusal = Live<String?>(nil)

    init(settings: Settings, supervisor: Supervisor, health: RedisHealth, isEmbedded: Bool) {
        self.settings = settings
        shown = Live(settings)
        self.supervisor = supervisor
        self.health = health
        self.isEmbedded = isEmbedded
    }

    func json() async -> JSONValue {
        guard !supervisor.readModels.isWhole, var status = await facts().object else { return await facts() }
        status["read_models"] = supervisor.readModels.json
        return .object(status)
    }

    private func facts() async -> JSONValue {
        [
            "version": .string(orderShopVersion),
            "shop": .string(settings.shop),
            "pid": .number(JSONNumber(Int64(getpid()))),
            "started_at": .number(JSONNumber(started)),
            "rest": .string(rest),
            "socket": .string(settings.socket),
            "state_directory": .string(settings.stateDirectory),
            "redis": health.json(isEmbedded: isEmbedded),
            "modules": await modules(),
        ]
    }

    /// Where REST is served. A port of 0 lets the system choose one, and systemd may have another socket for us: what
    /// it came to shows here when it is open.
    var rest: String { "http://\(bound.value ?? settings.http.listen)" }

    func note(rest address: SocketAddress?) {
        guard let port = address?.port else { return }
        bound.value = ListenAddress(host: address?.ipAddress ?? settings.http.listen.host, port: port)
    }

    func modules() async -> JSONValue { .array(await supervisor.status().map(\.json)) }

    // MARK: In one sentence

    /// For `systemctl status`: what serves, what waits, what is wrong.
    func sentence() async -> String {
        let modules = await supervisor.status()
        let disabled = modules.filter { !$0.isEnabled }.map(\.name)
        let troubled = modules.filter(\.isInTrouble).map(\.name)
        var parts = [
            "\(modules.count - disabled.count) of \(modules.count) modules enabled",
            Self.count(modules.map(\.lag), "waiting"), Self.count(modules.map(\.parked), "parked"),
        ]
        if !supervisor.readModels.isWhole {
            parts.append("building \(supervisor.readModels.missing.count) read models")
        }
        if !disabled.isEmpty { parts.append("disabled: \(disabled.joined(separator: ", "))") }
        if !troubled.isEmpty { parts.append("in trouble: \(troubled.joined(separator: ", "))") }
        parts += health.complaints.isEmpty ? ["Redis is well"] : health.complaints
        if let refusal = refusal.value { parts.append("the last reload was refused: \(refusal)") }
        return "Serving \(rest): \(parts.joined(separator: "; "))"
    }

    /// Nobody knows while Redis is away.
    private static func count(_ numbers: [Int?], _ what: String) -> String {
        let known = numbers.compactMap(\.self)
        return known.count < numbers.count
            ? "nobody knows how many events are \(what)" : "\(known.reduce(0, +)) events \(what)"
    }

    /// Why the settings were not taken over when they were last read again; nil when they were.
    func note(refusal: String?) { self.refusal.value = refusal }
}

enum UnixSeconds {
    static var now: Int64 { Int64(time(nil)) }
}
