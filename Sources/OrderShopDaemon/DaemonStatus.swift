import EventStore
import Glibc
import HandlerRuntime
import JSON
import Redis
import Synchronization

/// The truth about the daemon, for `daemon.status`, systemd and the watchdog.
struct DaemonStatus: Sendable {
    let settings: Settings
    let supervisor: Supervisor
    let redis: RedisClient
    let isEmbedded: Bool
    private let started = UnixSeconds.now
    private let port = BoundPort()

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
            "rest": .string(rest),
            "socket": .string(settings.socket),
            "state_directory": .string(settings.stateDirectory),
            "redis": await redisJSON(),
            "modules": await modules(),
        ]
    }

    /// Where REST is served. A port of 0 lets the system choose one, which shows here when it has.
    var rest: String {
        let listen = settings.http.listen
        return "http://\(ListenAddress(host: listen.host, port: port.number ?? listen.port))"
    }

    func note(port: Int?) { self.port.number = port }

    func modules() async -> JSONValue { .array(await supervisor.status().map(\.json)) }

    /// One sentence for `systemctl status`.
    func sentence() async -> String {
        let modules = await supervisor.status()
        let disabled = modules.filter { !$0.isEnabled }.map(\.name)
        let troubled = modules.filter(\.isInTrouble).map(\.name)
        let lag = modules.compactMap(\.lag).reduce(0, +)
        var parts = [
            "\(modules.count - disabled.count) of \(modules.count) modules enabled", "\(lag) events waiting",
        ]
        if !disabled.isEmpty { parts.append("disabled: \(disabled.joined(separator: ", "))") }
        if !troubled.isEmpty { parts.append("in trouble: \(troubled.joined(separator: ", "))") }
        let parked = modules.compactMap(\.parked).reduce(0, +)
        if parked > 0 { parts.append("\(parked) events parked") }
        if !redis.isConnected { parts.append("Redis is away") }
        return "Serving \(rest): \(parts.joined(separator: "; "))"
    }

    /// Whether the runtime answers: it does where no thread of it is blocked, even while Redis is away.
    func isResponsive() async -> Bool { await supervisor.isResponsive() }

    private func redisJSON() async -> JSONValue {
        let info = await redisInfo()
        return [
            "address": .string("\(redis.configuration.address)"),
            "embedded": .bool(isEmbedded),
            "connected": .bool(redis.isConnected),
            "version": info["redis_version"].map { .string($0) } ?? .null,
            "persistence": .string(RedisPersistence(info).name),
        ]
    }

    /// What `INFO` says; empty while Redis is away or does not let us ask.
    func redisInfo() async -> [Substring: String] {
        guard let text = try? await redis.send(RedisCommand("INFO")).string else { return [:] }
        let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (Substring, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon], String(line[line.index(after: colon)...]))
        }
        return Dictionary(pairs) { $1 }
    }
}

/// What the Redis behind us keeps when it ends.
enum RedisPersistence: Equatable {
    case appendOnlyFile
    case snapshots
    case unknown

    init(_ info: [Substring: String]) {
        switch info["aof_enabled"] {
        case "1": self = .appendOnlyFile
        case "0": self = .snapshots
        default: self = .unknown
        }
    }

    var name: String {
        switch self {
        case .appendOnlyFile: "append-only file"
        case .snapshots: "snapshots at most"
        case .unknown: "unknown"
        }
    }
}

/// The port that the system chose.
private final class BoundPort: Sendable {
    private let value = Mutex<Int?>(nil)

    var number: Int? {
        get { value.withLock(\.self) }
        set { value.withLock { $0 = newValue } }
    }
}

enum UnixSeconds {
    static var now: Int64 { Int64(time(nil)) }
}
