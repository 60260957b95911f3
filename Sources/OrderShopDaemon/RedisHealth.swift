import EventStore
import HandlerRuntime
import Logging
import Redis
import ServiceLifecycle
import Synchronization

/// Watches the Redis behind the shop: what it keeps, what is wrong with it, and at each connect whether it came back
/// with less than it acknowledged.
final class RedisHealth: Service {
    let redis: RedisClient
    private let store: Store
    private let requirement: Settings.Redis.Requirement
    private let logger: Logger
    private let latest = Mutex<RedisHealthReport?>(nil)
    /// Until Redis says on a connection that this user may not; each refusal would stand in its ACL LOG.
    private let mayAskForSettings = Mutex(true)

    private static let interval = Duration.seconds(5)

    init(redis: RedisClient, store: Store, requirement: Settings.Redis.Requirement, logger: Logger) {
        self.redis = redis
        self.store = store
        self.requirement = requirement
        self.logger = logger
    }

    /// As it was when it was last asked; nil before.
    var report: RedisHealthReport? { latest.withLock(\.self) }
    var findings: StoreFindings { store.findings }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.followConnections() }
                let executor = EventLoopExecutor(self.redis.eventLoop)
                group.addTask(executorPreference: executor) { await self.keepLooking() }
            }
        }
    }

    private func followConnections() async {
        for await state in redis.connectionStates where state == .connected {
            mayAskForSettings.withLock { $0 = true }
            await look()
            await compare()
        }
    }

    private func keepLooking() async {
        while (try? await redis.eventLoop.sleep(for: Self.interval)) != nil {
            if redis.isConnected { await look() }
        }
    }

    /// Until it succeeds: a Redis that takes no writes yet cannot be put right yet.
    private func compare() async {
        while redis.isConnected, !Task.isCancelled {
            do {
                return try await store.recover()
            } catch {
                logger.debug("Redis cannot be compared yet", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    // MARK: What it keeps

    private func look() async {
        guard let report = try? await inspect({ try await self.redis.pipeline($0) }) else { return }
        tell(report)
    }

    private func inspect(
        _ pipeline: @Sendable ([RedisCommand]) async throws -> [RedisValue]
    ) async throws -> RedisHealthReport {
        let names = mayAskForSettings.withLock(\.self) ? Self.settings : []
        let replies = try await pipeline([RedisCommand("INFO")] + names.map { RedisCommand("CONFIG", "GET", $0) })
        // Busy or loading is no answer; that it is not permitted is one.
        for case .error(let error) in replies where error.isRetryable { throw error }
        if replies.dropFirst().contains(where: { $0.error?.serverCode == .noperm }) {
            mayAskForSettings.withLock { $0 = false }
        }
        let settings = zip(names, replies.dropFirst()).compactMap { name, reply in
            reply.array?.last?.string.map { (name, $0) }
        }
        return RedisHealthReport(
            info: Self.facts(replies.first?.string ?? ""), settings: Dictionary(settings) { $1 })
    }

    private static let settings = [
        "appendfsync", "save", "maxmemory-policy", "min-replicas-to-write", "min-replicas-max-lag",
        "stop-writes-on-bgsave-error", "no-appendfsync-on-rewrite",
    ]

    private static func facts(_ text: String) -> [String: String] {
        let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        return Dictionary(pairs) { $1 }
    }

    /// Notes the report, and logs what is new in it.
    private func tell(_ report: RedisHealthReport) {
        let before = latest.withLock { latest in
            defer { latest = report }
            return latest
        }
        if before?.keeps != report.keeps || before?.version != report.version {
            logger.info(
                "what Redis keeps when it ends",
                metadata: ["keeps": "\(report.keeps.rawValue)", "version": "\(report.version ?? "unknown")"])
        }
        for warning in report.warnings where before?.warnings.contains(warning) != true {
            logger.warning("Redis needs a look", metadata: ["reason": "\(warning)"])
        }
        if let before, !before.warnings.isEmpty, report.warnings.isEmpty { logger.notice("Redis is well again") }
        if let reason = unfitness(report), before.flatMap(unfitness) != reason {
            logger.error("Redis is not what redis.require asks for", metadata: ["reason": "\(reason)"])
        }
    }

    // MARK: What it must keep

    private func unfitness(_ report: RedisHealthReport) -> String? {
        switch requirement {
        case .any: nil
        case .persistent: report.unfitness
        }
    }

    /// Returns when Redis is there and keeps what the settings ask for, or when the daemon is being stopped. To be
    /// called before anybody is let through to it.
    /// - Throws: `DaemonError` where it does not.
    func waitUntilFit() async throws {
        if requirement == .any { return }
        try await cancelWhenGracefulShutdown { try await self.demandFitness() }
    }

    private func demandFitness() async throws {
        var said = ""
        while !Task.isCancelled {
            do {
                let report = try await redis.withDedicatedConnection { connection in
                    try await self.inspect { try await connection.pipeline($0) }
                }
                guard let reason = report.unfitness else { return }
                throw DaemonError(
                    .redisUnfit,
                    "The Redis at \(redis.address) is not what redis.require asks for: \(reason). "
                        + "Or set redis.require to any, and live with the loss.")
            } catch let error as RedisError {
                if error.code == .unsuitableServer { throw error }
                if error.message != said { logger.warning("waiting for Redis", metadata: ["reason": "\(error)"]) }
                said = error.message
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}
