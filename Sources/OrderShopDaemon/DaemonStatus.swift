import EventStore
import Glibc
import HandlerRuntime
import JSON
import Redis

/// The truth about the daemon, for `daemon.status`, systemd and the watchdog.
struct DaemonStatus: Sendable {
    let settings: Settings
    let supervisor: Supervisor
    let redis: RedisClient
    let isEmbedded: Bool
    private let started = UnixSeconds.now

    init(settings: Settings, supervisor: Supervisor, redis: RedisClient, isEmbedded: Bool) {
        self.settings = settings
        self.supervisor = supervisor
        self.redis = redis
        self.isEmbedded = isEmbedded
    }

    func json() async -> JSONValue {
        [
            "version": .string(orderShopVersion),
            "shop": .string(settings.shop),
            "pid": .number(JSONNumber(Int64(getpid()))),
            "started_at": .number(JSONNumber(started)),
            "rest": .string("http://\(settings.http.listen)"),
            "socket": .string(settings.socket),
            "state_directory": .string(settings.stateDirectory),
            "redis": await redisJSON(),
            "modules": await modules(),
        ]
    }

    func modules() async -> JSONValue { .array(await supervisor.status().map(\.json)) }

    /// One sentence for `systemctl status`.
    func sentence() async -> String {
        let modules = await supervisor.status()
        let disabled = modules.filter { !$0.isEnabled }.map(\.name)
        let troubled = modules.filter { if case .backingOff = $0.state { true } else { false } }.map(\.name)
        let lag = modules.compactMap(\.lag).reduce(0, +)
        var parts = [
            "\(modules.count - disabled.count) of \(modules.count) modules enabled", "\(lag) events waiting",
        ]
        if !disabled.isEmpty { parts.append("disabled: \(disabled.joined(separator: ", "))") }
        if !troubled.isEmpty { parts.append("in trouble: \(troubled.joined(separator: ", "))") }
        if !redis.isConnected { parts.append("Redis is away") }
        return "Serving http://\(settings.http.listen): \(parts.joined(separator: "; "))"
    }

    /// Whether the runtime answers: it does where no thread of it is blocked, even while Redis is away.
    func isResponsive() async -> Bool { await supervisor.isResponsive() }

    private func redisJSON() async -> JSONValue {
        [
            "address": .string("\(redis.configuration.address)"),
            "embedded": .bool(isEmbedded),
            "connected": .bool(redis.isConnected),
            "version": await version().map { .string($0) } ?? .null,
        ]
    }

    private func version() async -> String? {
        guard let info = try? await redis.send(RedisCommand("INFO", "server")).string else { return nil }
        let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("redis_version:") }
        return line.map { String($0.dropFirst("redis_version:".count)) }
    }
}

extension ModuleStatus {
    /// As `module.list` shows it.
    var json: JSONValue {
        var object = JSONObject([
            ("name", .string(name)), ("summary", .string(summary)), ("enabled", .bool(isEnabled)),
            ("state", .string(state.name)), ("lag", lag.map { .number(JSONNumber(Int64($0))) } ?? .null),
            ("handled", .number(JSONNumber(Int64(handled)))),
        ])
        if let lag, lag >= Store.lagLimit { object["lag_at_least"] = true }
        switch state {
        case .backingOff(let reason, _): object["error"] = .string(reason)
        case .standby(let owner?): object["owner"] = .string(owner)
        case .starting, .running, .catchingUp, .disabled, .standby(nil), .stopped: break
        }
        return .object(object)
    }
}

enum UnixSeconds {
    static var now: Int64 { Int64(time(nil)) }
}
