import Crypto
public import Logging
public import NIOCore
public import Redis
import Synchronization

/// One shop's event store on Redis Streams.
///
/// Events are appended and their effects committed in single atomic steps; everything else that is kept in Redis
/// (revisions, the entity cache, indexes) follows from the events and is written in the same steps.
public final class Store: Sendable {
    let redis: RedisClient
    let keys: Keyspace
    let catalogue: Catalogue
    let scripts = Scripts()
    let groupCommit = GroupCommit()
    let groupLoad = GroupLoad()
    let metrics: StoreMetrics
    let logger: Logger
    let personalKeys = PersonalKeys()
    /// Whether what is known of persons is encrypted from now on.
    public let isSealing: Bool
    /// The highest event id that this store has seen: nothing that it appends later can stand before it.
    let seen = Mutex(EventID.zero)
    let memory = Mutex(StoreMemory())
    let recent = RecentStates()
    let knownLookupKey = Mutex<SymmetricKey?>(nil)
    let readModels: Mutex<ReadModelStanding>

    /// - Parameter shop: the shop's name, empty for the default shop.
    public init(redis: RedisClient, shop: String, catalogue: Catalogue, isSealing: Bool = false, logger: Logger) {
        self.isSealing = isSealing
        self.redis = redis
        self.keys = Keyspace(shop: shop)
        self.catalogue = catalogue
        metrics = StoreMetrics(streams: catalogue.streams)
        readModels = Mutex(ReadModelStanding())
        self.logger = logger
    }

    /// Where the connections to Redis live.
    public var eventLoop: any EventLoop { redis.eventLoop }
    public var topics: [TopicDefinition] { catalogue.topics }

    func send(_ command: RedisCommand) async throws(StoreError) -> RedisValue {
        do { return try await redis.send(command) } catch { throw StoreError(error) }
    }

    /// Sends a command that only reads.
    func ask(_ command: RedisCommand) async throws(StoreError) -> RedisValue {
        do { return try await redis.send(command) } catch { throw StoreError(reading: error) }
    }

    /// Sends commands that only read, all in one write; the first error reply is thrown.
    func ask(_ commands: [RedisCommand]) async throws(StoreError) -> [RedisValue] {
        do { return try await replies(to: commands) } catch { throw StoreError(reading: error) }
    }

    /// Sends all in one write; the first error reply is thrown.
    func pipeline(_ commands: [RedisCommand]) async throws(StoreError) -> [RedisValue] {
        do { return try await replies(to: commands) } catch { throw StoreError(error) }
    }

    private func replies(to commands: [RedisCommand]) async throws(RedisError) -> [RedisValue] {
        let replies = try await redis.pipeline(commands)
        for case .error(let error) in replies { throw error }
        return replies
    }

    func run(
        _ script: Script, _ arguments: @Sendable (inout RedisCommand) -> Void
    ) async throws(StoreError) -> RedisValue {
        do { return try await script.run(on: redis, key: keys.clock, arguments) } catch { throw StoreError(error) }
    }

    /// Runs a script that only reads.
    func ask(
        _ script: Script, _ arguments: @Sendable (inout RedisCommand) -> Void
    ) async throws(StoreError) -> RedisValue {
        do { return try await script.run(on: redis, key: keys.clock, arguments) } catch {
            throw StoreError(reading: error)
        }
    }

    func note(_ id: EventID) {
        seen.withLock { $0 = max($0, id) }
    }
}
