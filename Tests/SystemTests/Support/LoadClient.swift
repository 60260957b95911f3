import JSON
import TestKit

/// A client that comes, orders, changes its mind and pays, over and over, whatever happens to the daemon. It never
/// repeats a write.
final class LoadClient {
    private let name: String
    private let shop: Shop
    private let goods: [Goods]
    private let ledger: Ledger
    private let pause: Duration
    private var connection: HTTPConnection?
    private var round = 0

    init(_ name: String, _ shop: Shop, _ goods: [Goods], _ ledger: Ledger, pause: Duration) {
        self.name = name
        self.shop = shop
        self.goods = goods
        self.ledger = ledger
        self.pause = pause
    }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            round += 1
            await oneRound()
        }
        connection?.close()
    }

    private func oneRound() async {
        let body = customer("\(name)-\(round)")
        let person = await write("POST", "/customers", body, "customer_created", "email", body["email"] ?? .null)
        guard case .acknowledged(let person) = person else { return }
        // One order a customer, so that an order without an answer can be found by its customer.
        let pieces = (0...round % 3).map { goods[(round + $0) % goods.count].product }
        let placed = await write(
            "POST", "/orders", order(pieces, by: person), "order_created", "customer_id", .string(person))
        guard case .acknowledged(let id) = placed else { return }
        switch round % 4 {
        case 0: _ = await write("DELETE", "/order/\(id)", nil, "order_deleted", "id", .string(id))
        case 1:
            let other = order([goods[round % goods.count].product], by: person)
            _ = await write("PUT", "/order/\(id)", other, "order_updated", "id", .string(id))
        case 2: _ = await write("POST", "/billings", billing(id), "billing_created", "order_id", .string(id))
        default: break
        }
    }

    private func write(
        _ method: String, _ path: String, _ body: JSONValue?, _ stream: String, _ property: String,
        _ value: JSONValue
    ) async -> Ledger.Outcome {
        let outcome: Ledger.Outcome
        do {
            // Nothing was sent where there is no connection.
            guard let connection = try? await connected() else { return .refused }
            outcome = judge(try await connection.send(method, path, body: body?.text), "\(method) \(path)")
        } catch {
            connection = nil
            outcome = .unknown
        }
        ledger.note(.init(stream: stream, property: property, value: value, outcome: outcome))
        try? await Task.sleep(for: pause)
        return outcome
    }

    private func judge(_ response: HTTPResponse, _ what: String) -> Ledger.Outcome {
        switch (response.status, try? response.json()) {
        case (200, let answer?): return .acknowledged(id: answer.array?.first?.string ?? "")
        case (503, let problem?) where response.header("retry-after") != nil:
            return problem["type"] == "urn:ordershop:problem:outcome-unknown" ? .unknown : .refused
        case (let status, let answer):
            ledger.fail("\(what) → \(status) \(answer?.text ?? response.text)")
            return .unknown
        }
    }

    private func connected() async throws -> HTTPConnection {
        if let connection { return connection }
        do {
            let new = try await HTTPConnection.connect(port: shop.daemon.port)
            connection = new
            return new
        } catch {
            try? await Task.sleep(for: .milliseconds(20))
            throw error
        }
    }
}

/// Runs `body` while clients write all the time; ends them behind it.
func underLoad(
    _ shop: Shop, _ goods: [Goods], _ ledger: Ledger, clients: Int = 4, pause: Duration = .milliseconds(20),
    name: String = "c", _ body: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<clients {
            group.addTask {
                await LoadClient("\(name)\(number)", shop, goods, ledger, pause: pause).run()
            }
        }
        defer { group.cancelAll() }
        try await body()
    }
}
