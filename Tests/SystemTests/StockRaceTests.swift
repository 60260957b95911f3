import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Fifty clients that order at once` {
    /// Fifty customers order one piece each, each over a connection of his own, from a stock of ten.
    private func race(_ connections: [HTTPConnection], _ people: [String], _ shop: Shop) async throws {
        let goods = try await shop.stock("Tea", 10)
        let statuses = try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
            for (connection, person) in zip(connections, people) {
                group.addTask {
                    try await connection.send("POST", "/orders", body: order([goods.product], by: person).text)
                }
            }
            return try await group.reduce(into: [Int: Int]()) { counts, response in
                counts[response.status, default: 0] += 1
                if response.status != 200 { try expectProblem(response, 409, "out of stock") }
            }
        }
        #expect(statuses == [200: 10, 409: 40])
        #expect(try await shop.amount(goods) == 0)
        let sold = try await shop.get("/orders").array?.filter { $0["product_ids"] == [.string(goods.product)] }
        #expect(sold?.count == 10)
        #expect(Set(sold?.compactMap { $0["customer_id"]?.string } ?? []).count == 10)
    }

    @Test func `sell ten of ten and never more, twenty times`() async throws {
        try await withShop { shop in
            let people = try await shop.create("/customers", .array((0..<50).map { customer("c\($0)") }))
            var connections: [HTTPConnection] = []
            for _ in people { connections.append(try await .connect(port: shop.daemon.port)) }
            for _ in 0..<20 { try await race(connections, people, shop) }
            #expect(try await shop.get("/orders").array?.count == 200)
        }
    }

    @Test func `sell ten of ten at two daemons of one shop, five times`() async throws {
        try await withTwoDaemons { shop, other in
            let people = try await shop.create("/customers", .array((0..<50).map { customer("c\($0)") }))
            var connections: [HTTPConnection] = []
            for number in people.indices {
                connections.append(try await .connect(port: (number % 2 == 0 ? shop : other).daemon.port))
            }
            for _ in 0..<5 { try await race(connections, people, shop) }
            #expect(try await other.get("/orders").array?.count == 50)
        }
    }

    @Test func `order, change their minds and cancel, and no piece is lost`() async throws {
        try await withShop { shop in
            let goods = [try await shop.stock("Tea", 20), try await shop.stock("Cup", 20)]
            let people = try await shop.create("/customers", .array((0..<20).map { customer("c\($0)") }))
            try await withThrowingTaskGroup { group in
                for (number, person) in people.enumerated() {
                    group.addTask {
                        let (mine, other) = (goods[number % 2].product, goods[(number + 1) % 2].product)
                        let connection = try await HTTPConnection.connect(port: shop.daemon.port)
                        for _ in 0..<3 {
                            let body = order([mine, mine], by: person).text
                            let placed = try await connection.send("POST", "/orders", body: body)
                            guard let id = try placed.json().array?.first?.string else { continue }
                            let changed = order([other, mine, other], by: person).text
                            let answer = try await connection.send("PUT", "/order/\(id)", body: changed)
                            #expect([200, 409].contains(answer.status))
                            if number % 3 > 0 { _ = try await connection.send("DELETE", "/order/\(id)").taken() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let orders = try await shop.get("/orders").array ?? []
            for goods in goods {
                let out = orders.flatMap { $0["product_ids"]?.array ?? [] }.count { $0.string == goods.product }
                let left = try await shop.amount(goods) ?? -1
                #expect(left >= 0)
                #expect(Int(left) + out == 20)
            }
        }
    }
}
