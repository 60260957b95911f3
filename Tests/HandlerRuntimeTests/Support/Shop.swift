import EventStore
import HandlerRuntime
import JSON
import Logging
import NIOPosix
import Redis
import ServiceLifecycle
import TestKit
import Testing

/// Modules that run under a supervisor, on a Redis of the test's own.
struct Shop: Sendable {
    let server: RedisServer
    let redis: RedisClient
    let store: Store
    let supervisor: Supervisor
    private let services: ServiceGroup

    /// Runs the modules as long as `body`.
    /// - Parameters:
    ///   - server: where the shop lives; a new one unless given.
    ///   - url: how it is reached, if not directly.
    static func run<T>(
        _ modules: [any HandlerModule], on server: RedisServer? = nil, through url: String? = nil,
        options: Supervisor.Options = .quick,
        _ body: (Shop) async throws -> T
    ) async throws -> T {
        let server = if let server { server } else { try await RedisServer.start() }
        let registry = try Registry(modules)
        return try await withClient(of: url ?? server.url) { redis in
            let store = Store(redis: redis, shop: "", catalogue: registry.catalogue, logger: .silent)
            let supervisor = Supervisor(
                registry: registry, store: store, owner: UUIDText.random(), options: options, logger: .silent)
            let services = ServiceGroup(
                configuration: .init(services: [.init(service: supervisor)], logger: .silent))
            async let running: Void = services.run()
            await supervisor.waitUntilReady()
            let result = try await body(
                Shop(server: server, redis: redis, store: store, supervisor: supervisor, services: services))
            await services.triggerGracefulShutdown()
            try await running
            return result
        }
    }

    /// Ends the supervisor in good order, before `body` ends.
    func stop() async { await services.triggerGracefulShutdown() }

    // MARK: Commands

    @discardableResult
    func call(_ method: String, _ parameters: JSONValue = [:]) async throws -> JSONValue {
        let answer = try await supervisor.dispatcher.execute(method, parameters.object ?? JSONObject()).answer
        return try await value(of: answer)
    }

    @discardableResult
    func call(_ method: String, batch: [JSONValue]) async throws -> JSONValue {
        let answer = try await supervisor.dispatcher.execute(method, batch: batch).answer
        return try await value(of: answer)
    }

    private func value(of answer: Answer) async throws -> JSONValue {
        switch answer {
        case .value(let value): value
        case .text(let bytes), .entity(let bytes, _): try JSONValue(parsing: bytes)
        case .page(let page): try JSONValue(parsing: page.array)
        case .stream(let chunks): try JSONValue(parsing: await chunks.bytes.reduce(into: [UInt8]()) { $0 += $1 })
        }
    }

    func count(of stream: StreamKey) async throws -> Int {
        Int(try await redis.send(RedisCommand("XLEN", stream.description)).int ?? 0)
    }

    func status(of module: String) async throws -> ModuleStatus {
        try #require(await supervisor.status().first { $0.name == module })
    }

    func state(of module: String) async -> ModuleState? {
        await supervisor.status().first { $0.name == module }?.state
    }
}

extension Supervisor.Options {
    /// Short pauses between the tries; and a lease that no busy machine lets run out, which would have reactions run
    /// again.
    static var quick: Self {
        var options = Self()
        options.leaseTime = .seconds(60)
        options.retries.firstPause = .milliseconds(4)
        options.retries.longestPause = .milliseconds(20)
        return options
    }

    /// Nothing is parked before a test has seen what it came for.
    static var patient: Self {
        var options = Self.quick
        options.retries.tries = 10_000
        return options
    }
}

/// The refusal that `body` ends with; nil when it is not refused.
func refusal(_ body: () async throws -> Void) async -> Refusal? {
    do {
        try await body()
        return nil
    } catch {
        return error as? Refusal ?? Refusal(.internalError, "no refusal, but \(error)")
    }
}

/// A function, because a closure within `#expect` and another behind it are taken for one by the compiler (6.3).
func expectRefusal(
    _ code: Refusal.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let refused = await refusal(body)
    #expect(refused?.code == code, sourceLocation: sourceLocation)
}
