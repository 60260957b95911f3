import BillingService
import CartService
import CustomerService
import EventStore
import HandlerRuntime
import InventoryService
import JSON
import Logging
import Mailing
import OrderService
import ProductService
import Redis
import ServiceLifecycle
import ShippingService
import ShopContracts
import TestKit

/// The shop's own modules on a real Redis, called as the gateway and the socket call them.
struct PropertyShop: Sendable {
    let store: Store
    let supervisor: Supervisor

    /// - Parameter name: of the shop: each has keys of its own.
    static func run<T>(_ name: String, on redis: RedisClient, _ body: (PropertyShop) async throws -> T) async throws
        -> T
    {
        let registry = try Registry([
            CustomerModule(), ProductModule(currency: .euro), InventoryModule(), OrderModule(currency: .euro),
            BillingModule(
                currency: .euro, templates: Live(try .builtIn(BillingModule.letters)), logger: .silent),
            ShippingModule(isAutomatic: false),
            CartModule(currency: .euro),
        ])
        let store = Store(redis: redis, shop: name, catalogue: registry.catalogue, logger: .silent)
        let supervisor = Supervisor(
            registry: registry, store: store, owner: UUIDText.random(), isAlone: true, logger: .silent)
        let services = ServiceGroup(
            configuration: .init(services: [.init(service: supervisor)], logger: .silent))
        async let running: Void = services.run()
        await supervisor.waitUntilReady()
        let result: Result<T, any Error>
        do { result = .success(try await body(PropertyShop(store: store, supervisor: supervisor))) } catch {
            result = .failure(error)
        }
        await services.triggerGracefulShutdown()
        try await running
        return try result.get()
    }

    func call(_ method: String, _ parameters: JSONValue = [:]) async throws -> JSONValue {
        switch try await supervisor.dispatcher.execute(method, parameters.object ?? JSONObject()).answer {
        case .value(let value): value
        case .text(let bytes), .entity(let bytes, _): try JSONValue(parsing: bytes)
        case .page(let page): try JSONValue(parsing: page.array)
        case .stream(let chunks): try JSONValue(parsing: await chunks.bytes.reduce(into: [UInt8]()) { $0 += $1 })
        }
    }

    /// All events of the shop, in order.
    func history() async throws -> [ShopEvent] {
        let streams = supervisor.registry.catalogue.topics.flatMap(\.streams)
        var events: [ShopEvent] = []
        var positions: [StreamKey: EventID] = [:]
        while true {
            let batch = try await store.read(streams, after: positions, count: 1_000)
            if batch.events.isEmpty { return events }
            events += batch.events.map { ShopEvent($0) }
            for event in batch.events { positions[event.stream] = event.id }
        }
    }
}

extension ShopEvent {
    fileprivate init(_ event: RecordedEvent) {
        self.init(
            topic: event.stream.topic.name, action: event.stream.action.name,
            entity: event.decoded().map { .object($0) } ?? .null,
            metadata: Dictionary(event.metadata.map { ($0.name, $0.value) }) { $1 })
    }
}
