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
    ///   - key: it says on which node of a cluster the shop lives.
    ///   - arguments: appends the script's arguments.
    func run(
        on redis: RedisClient, key: String, _ arguments: @Sendable (inout RedisCommand) -> Void
    ) async throws(RedisError) -> RedisValue {
        if digest.withLock(\.isEmpty) { try await load(on: redis) }
        var tries = 1
        while true {
            do throws(RedisError) {
                return try await redis.send(call(key, arguments))
            } catch {
                // More than once, as a fail-over may come between the loading and the call.
                guard error.code == .server(.noscript), tries < 4 else { throw error }
                tries += 1
                try await load(on: redis)
            }
        }
    }

    /// Two keys are declared, of which the second never exists. While a cluster moves a slot key by key, its node
    /// refuses whatever names a key that is not there, and the node that the slot moves to refuses whatever names two
    /// keys of which one is not there. So no script can run until the slot is whole again. Without that, one would
    /// run on a node that lacks some of the keys that it does not declare, and break off half-way.
    private func call(_ key: String, _ arguments: (inout RedisCommand) -> Void) -> RedisCommand {
        var command = RedisCommand("EVALSHA", digest.withLock(\.self), "2", key, "\(key):never")
        command.needsWholeSlot = true
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
    let check = Script(PackageResources.check_lua)
    let strays = Script(PackageResources.strays_lua)
    let moment = Script(PackageResources.moment_lua)
    let recover = Script(PackageResources.recover_lua)
    let history = Script(PackageResources.history_lua)
    let ranked = Script(PackageResources.ranked_lua)
}
