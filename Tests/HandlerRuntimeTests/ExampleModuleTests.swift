import EventStore
import HandlerRuntime
import JSON
import Redis
import TestKit
import Testing

@Suite struct `The module of the guide` {
    private static let ann: JSONValue = "0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a11"
    private static let bob: JSONValue = "7d3f5a52-8a51-4d0c-9df5-0a4c6f3f7c22"

    /// What a shop has where orders come from: here they are written by hand.
    private struct OrderModule: HandlerModule {
        let name = "order"
        let summary = "Orders"
        let topics = [TopicDefinition("order")]
    }

    private func order(_ pieces: Int, by customer: JSONValue, in shop: Shop) async throws {
        let products = JSONValue.array(Array(repeating: "p", count: pieces))
        let order: JSONValue = ["id": .string(UUIDText.random()), "product_ids": products, "customer_id": customer]
        let id = order["id"]?.string ?? ""
        _ = try await shop.store.transact(
            Transaction(events: [
                NewEvent(StreamKey("order", .created), entityID: id, entity: order.bytes, before: nil)
            ]))
    }

    private func points(of customer: JSONValue, in shop: Shop) async throws -> Int64? {
        try await shop.call("loyalty.get", ["id": customer])["total"]?.number?.int64
    }

    @Test func `knows its rules without a shop`() {
        let points = Points(id: ID("ann"), total: 5)
        #expect(points.adding(Points.earned(byPieces: 3)) == Points(id: ID("ann"), total: 8))
    }

    @Test func `given orders, counts a point for every piece of each customer`() async throws {
        try await Shop.run([OrderModule(), LoyaltyModule()]) { shop in
            try await order(3, by: Self.ann, in: shop)
            try await order(1, by: Self.bob, in: shop)
            try await order(2, by: Self.ann, in: shop)
            try await eventually("they have their points") {
                let (ann, bob) = (
                    try await points(of: Self.ann, in: shop), try await points(of: Self.bob, in: shop)
                )
                return ann == 5 && bob == 1
            }
        }
    }

    @Test func `given nothing, has none`() async throws {
        try await Shop.run([OrderModule(), LoyaltyModule()]) { shop in
            let points = try await shop.call("loyalty.get", ["id": Self.ann])
            #expect(points == .null)
        }
    }

    @Test func `given orders from before its time, catches up with them`() async throws {
        try await Shop.run([OrderModule(), LoyaltyModule()]) { shop in
            try await shop.supervisor.setEnabled(false, module: "loyalty")
            for _ in 0..<10 { try await order(2, by: Self.ann, in: shop) }
            #expect(try await shop.call("loyalty.get", ["id": Self.ann]) == .null)
            try await shop.supervisor.setEnabled(true, module: "loyalty")
            try await eventually("she has her points") { try await points(of: Self.ann, in: shop) == 20 }
        }
    }
}
