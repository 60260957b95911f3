import Redis
import Synchronization

/// A Lua script that runs inside Redis by its digest, and is sent whole only where Redis does not know it yet.
final class Script: Sendable {
    private let source: [UInt8]
    /// Redis's name for the script: empty until Redis has told it.
    private let digest = Mutex("")

    init(_ source: [UInt8]) { self.source = source }

    /// Runs the script.
    /// - Parameters:
    ///   - key: the one key that is declared: it says on which node of a cluster the shop lives.
    ///   - arguments: appends the script's arguments.
    func run(
        on redis: RedisClient, key: String, _ arguments: @Sendable (inout RedisCommand) -> Void
    ) async throws(RedisError) -> RedisValue {
        if digest.withLock(\.isEmpty) { try await load(on: redis) }
        do {
            return try await redis.send(call(key, arguments))
        } catch let error where error.code == .server(.noscript) {
            try await load(on: redis)
            return try await redis.send(call(key, arguments))
        }
    }

    private func call(_ key: String, _ arguments: (inout RedisCommand) -> Void) -> RedisCommand {
        var command = RedisCommand("EVALSHA", digest.withLock(\.self), "1", key)
        arguments(&command)
        return command
    }

    private func load(on redis: RedisClient) async throws(RedisError) {
        var command = RedisCommand("SCRIPT", "LOAD")
        command.append(bytes: source)
        let reply = try await redis.send(command)
        digest.withLock { $0 = reply.string ?? "" }
    }
}

/// The scripts of the store. Each is one atomic step.
struct Scripts: Sendable {
    let transact = Script(PackageResources.transact_lua)
    let load = Script(PackageResources.load_lua)
    let heartbeat = Script(PackageResources.heartbeat_lua)
    let lag = Script(PackageResources.lag_lua)
    let release = Script(PackageResources.release_lua)
    let retention = Script(PackageResources.retention_lua)
    let snapshot = Script(PackageResources.snapshot_lua)
    let restore = Script(PackageResources.restore_lua)
    let replay = Script(PackageResources.replay_lua)
    let recover = Script(PackageResources.recover_lua)
}
