import JSON
import TestKit

/// A client that does whatever a shop's clients do, over and over, at whichever daemon answers. What he is refused, he
/// leaves; what nobody answered, may have happened.
actor MixedClient {
    private let name: String
    private let shops: [Shop]
    private let goods: [Goods]
    private let ledger: Ledger
    private var connection: HTTPConnection?
    private var turn = 0
    private(set) var done = 0

    init(_ name: String, _ shops: [Shop], _ goods: [Goods], _ ledger: Ledger) {
        self.name = name
        self.shops = shops
        self.goods = goods
        self.ledger = ledger
    }

    /// Runs until the task is cancelled.
    /// - Returns: how many of his commands were taken.
    func run() async -> Int {
        while !Task.isCancelled { await oneVisit() }
        connection?.close()
        return done
    }

    private func oneVisit() async {
        turn += 1
        guard let person = await ask("POST", "/customers", customer("\(name)-\(turn)"))?.array?.first?.string,
            let order = Bool.random() ? await checkOut(person) : await place(person)
        else { return }
        await tend(.random(in: 0...9))
        switch Int.random(in: 0...9) {
        case 0: _ = await ask("DELETE", "/order/\(order)")
        case 1...2: _ = await ask("POST", "/order/\(order)/cancel")
        case 3: _ = await ask("PUT", "/order/\(order)", SystemTests.order(pieces(), by: person))
        default: await pay(order)
        }
    }

    private func pieces() -> [String] {
        (0..<Int.random(in: 1...3)).compactMap { _ in goods.randomElement()?.product }
    }

    private func place(_ person: String) async -> String? {
        await ask("POST", "/orders", order(pieces(), by: person))?.array?.first?.string
    }

    private func checkOut(_ person: String) async -> String? {
        let lines = pieces().map { product -> JSONValue in
            ["customer_id": .string(person), "product_id": .string(product)]
        }
        guard let cart = await ask("POST", "/carts", .array(lines))?.array?.first?.string else { return nil }
        return await ask("POST", "/cart/\(cart)/checkout")?.string
    }

    /// The stock comes and goes.
    private func tend(_ what: Int) async {
        guard let inventory = goods.randomElement()?.inventory else { return }
        switch what {
        case 0:
            guard let there = await ask("GET", "/inventory/\(inventory)")?["on_hand"] else { return }
            _ = await ask("POST", "/inventory/\(inventory)/count", ["on_hand": there])
        case 1: _ = await ask("PUT", "/inventory/\(inventory)/level", ["low_stock_at": 10])
        default: break
        }
    }

    private func pay(_ order: String) async {
        guard let billing = await ask("POST", "/billings", billing(order))?.array?.first?.string else { return }
        switch Int.random(in: 0...9) {
        case 0: _ = await ask("DELETE", "/billing/\(billing)")
        case 1...2: _ = await ask("POST", "/order/\(order)/cancel")
        case 3: _ = await ask("POST", "/billing/\(billing)/refund", ["amount": 1])
        default: await ship(order)
        }
    }

    private func ship(_ order: String) async {
        let body: JSONValue = ["order_id": .string(order)]
        guard let shipping = await ask("POST", "/shippings", body)?.array?.first?.string,
            await ask("POST", "/shipping/\(shipping)/ship") != nil
        else { return }
        _ = await ask("POST", "/shipping/\(shipping)/deliver")
    }

    /// The answer to what was taken; nil where it was refused, or nobody answered.
    private func ask(_ method: String, _ path: String, _ body: JSONValue? = nil) async -> JSONValue? {
        guard !Task.isCancelled else { return nil }
        do {
            let response = try await connected().send(method, path, body: body?.text)
            switch response.status {
            case 200:
                done += 1
                return try response.json()
            case 404, 409, 422, 503: return nil
            default: ledger.fail("\(method) \(path) → \(response.status) \(response.text)")
            }
        } catch {
            connection = nil
            try? await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }

    private func connected() async throws -> HTTPConnection {
        if let connection { return connection }
        let shop = shops.randomElement() ?? shops[0]
        let new = try await HTTPConnection.connect(port: shop.daemon.port)
        connection = new
        return new
    }
}
