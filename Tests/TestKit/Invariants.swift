public import JSON

/// An event, as anybody reads it in Redis.
public struct ShopEvent: Sendable {
    let topic: String
    let action: String
    let entity: JSONValue
    let metadata: [String: String]

    public init(topic: String, action: String, entity: JSONValue, metadata: [String: String]) {
        self.topic = topic
        self.action = action
        self.entity = entity
        self.metadata = metadata
    }

    var id: String { entity["id"]?.string ?? "" }
}

/// What must be true of a shop's events, told without the shop's own code.
public struct Invariants {
    private let events: [ShopEvent]
    /// What became of each entity, in order.
    private var lives: [String: [ShopEvent]] = [:]

    /// - Parameter events: all of a shop, in their order.
    public init(_ events: [ShopEvent]) {
        self.events = events
        for event in events { lives["\(event.topic):\(event.id)", default: []].append(event) }
    }

    /// What is not as it must be; empty where all is well.
    public func broken() -> [String] {
        stockIsALedger() + reservedIsWhatOrdersWaitFor() + shippedIsWhatLeft() + ordersLiveLegally()
            + moneyAddsUp() + numbersHaveNoGap() + balancesAreRight() + cartsAreOne()
    }

    // MARK: Stock

    /// What each kind of movement may do to on hand and reserved: the signs of the two changes.
    private static let signs: [String: [(Int64, Int64)]] = [
        "opening": [(0, 0), (1, 0)], "order": [(0, 1)], "order_change": [(0, 1), (0, -1)],
        "cancellation": [(0, -1)],
        "shipment": [(-1, -1)], "delivery": [(1, 0)], "return": [(1, 0)], "loss": [(-1, 0)],
        "correction": [(1, 0), (-1, 0), (0, 0)], "level": [(0, 0)], "count": [(1, 0), (-1, 0), (0, 0)],
    ]

    private func stockIsALedger() -> [String] {
        var broken: [String] = []
        for (name, life) in of("inventory") {
            var before: (Int64, Int64) = (0, 0)
            for step in life {
                let (amount, onHand, reserved) = (
                    number(step.entity, "amount"), number(step.entity, "on_hand"), number(step.entity, "reserved")
                )
                if reserved < 0 || reserved > onHand || amount != onHand - reserved {
                    broken.append("\(name): \(step.entity.text)")
                }
                let said = step.metadata["movement"]
                let movement = said ?? (step.action == "created" ? "opening" : "none")
                let change = ((onHand - before.0).signum(), (reserved - before.1).signum())
                let isAllowed = Self.signs[movement]?.contains { $0 == change } ?? false
                let isWhole = movement != "shipment" || onHand - before.0 == reserved - before.1
                if !isAllowed || !isWhole {
                    broken.append("\(name): a movement \(movement) from \(before) to \((onHand, reserved))")
                }
                before = (onHand, reserved)
            }
        }
        return broken
    }

    private func reservedIsWhatOrdersWaitFor() -> [String] {
        let waiting = pieces(ofOrders: ["placed", "billed"])
        return last("inventory").filter { number($0, "reserved") != waiting[$0["product_id"]?.string ?? ""] ?? 0 }
            .map {
                "orders wait for \(waiting[$0["product_id"]?.string ?? ""] ?? 0) pieces, but reserved are \($0.text)"
            }
    }

    private func shippedIsWhatLeft() -> [String] {
        var left: [String: Int64] = [:]
        for (_, life) in of("inventory") {
            for (before, step) in zip(life, life.dropFirst())
            where step.metadata["movement"] == "shipment" {
                left[step.entity["product_id"]?.string ?? "", default: 0] +=
                    number(before.entity, "on_hand") - number(step.entity, "on_hand")
            }
        }
        let shipped = pieces(ofOrders: ["shipped", "delivered"])
        return shipped == left ? [] : ["shipped were \(shipped), but \(left) left the house"]
    }

    private func pieces(ofOrders statuses: Set<String>) -> [String: Int64] {
        var pieces: [String: Int64] = [:]
        for order in last("order") where statuses.contains(order["status"]?.string ?? "") {
            for product in order["product_ids"]?.array ?? [] { pieces[product.string ?? "", default: 0] += 1 }
        }
        return pieces
    }

    // MARK: Orders

    private static let next: [String: Set<String>] = [
        "": ["placed"], "placed": ["placed", "billed", "cancelled", "deleted"],
        "billed": ["placed", "shipped", "cancelled", "deleted"], "shipped": ["delivered"], "delivered": [],
        "cancelled": ["deleted"], "deleted": [],
    ]

    private func ordersLiveLegally() -> [String] {
        of("order").flatMap { name, life -> [String] in
            let statuses = life.map { $0.action == "deleted" ? "deleted" : $0.entity["status"]?.string ?? "none" }
            return zip([""] + statuses, statuses).filter { Self.next[$0]?.contains($1) != true }.map {
                "\(name) went from '\($0)' to '\($1)'"
            }
        }
    }

    private func moneyAddsUp() -> [String] {
        all("order").filter { order in
            let lines = order["lines"]?.array ?? []
            let totals = lines.map { cents($0, "price") * number($0, "pieces") }
            let sold = lines.map { line in
                (order["product_ids"]?.array ?? []).count { $0 == line["product_id"] } == number(line, "pieces")
            }
            let pieces = lines.reduce(0) { $0 + number($1, "pieces") }
            return totals != lines.map { cents($0, "total") } || totals.reduce(0, +) != cents(order, "total")
                || sold.contains(false) || pieces != Int64(order["product_ids"]?.array?.count ?? 0)
        }.map { "an order does not add up: \($0.text)" }
    }

    private func numbersHaveNoGap() -> [String] {
        let numbers = events.filter { $0.topic == "order" && $0.action == "created" }.map {
            number($0.entity, "number")
        }
        return numbers == Array(1...Int64(max(1, numbers.count))).prefix(numbers.count).map { $0 }
            ? [] : ["orders were numbered \(numbers)"]
    }

    // MARK: Money

    /// What is refunded is never more than was paid, is what the refunds say, and all of it when an order is cancelled.
    private func balancesAreRight() -> [String] {
        var refunds: [String: Int64] = [:]
        for refund in all("refund") {
            refunds[refund["billing_id"]?.string ?? "", default: 0] += cents(refund, "amount")
        }
        let orders = Dictionary(last("order").map { ($0["id"]?.string ?? "", $0) }) { $1 }
        return last("billing").compactMap { billing in
            let (paid, back) = (cents(billing, "amount"), cents(billing, "refunded"))
            let order = orders[billing["order_id"]?.string ?? ""]
            if back < 0 || back > paid || back != refunds[billing["id"]?.string ?? ""] ?? 0 {
                return "refunds of \(refunds) do not fit \(billing.text)"
            }
            if let order, cents(order, "total") != paid {
                return "\(billing.text) is not the total of \(order.text)"
            }
            return order?["status"] == "cancelled" && back != paid ? "cancelled, but kept: \(billing.text)" : nil
        }
    }

    // MARK: Carts

    private func cartsAreOne() -> [String] {
        var owners: [String: String] = [:]
        let orders = Set(all("order").compactMap { $0["id"]?.string })
        var broken: [String] = []
        for event in events where event.topic == "cart" {
            let cart = event.entity
            let (id, owner) = (cart["id"]?.string ?? "", cart["customer_id"]?.string ?? "")
            if cart["status"] == "open", event.action != "deleted" {
                if let other = owners[owner], other != id {
                    broken.append("\(owner) has the carts \(other) and \(id)")
                }
                owners[owner] = id
            } else {
                owners[owner] = nil
            }
            if cart["status"] == "checked_out", !orders.contains(cart["order_id"]?.string ?? "") {
                broken.append("there is no order of \(cart.text)")
            }
        }
        return broken
    }

    // MARK: Reading

    private func of(_ topic: String) -> [String: [ShopEvent]] {
        lives.filter { $0.key.hasPrefix("\(topic):") }
    }

    /// The entities that there are.
    private func last(_ topic: String) -> [JSONValue] {
        of(topic).values.compactMap(\.last).filter { $0.action != "deleted" }.map(\.entity)
    }

    /// All that they ever were.
    private func all(_ topic: String) -> [JSONValue] { of(topic).values.flatMap { $0.map(\.entity) } }

    private func number(_ value: JSONValue, _ name: String) -> Int64 { value[name]?.number?.int64 ?? -1 }

    private func cents(_ value: JSONValue, _ name: String) -> Int64 {
        value[name]?.number?.scaled(toFractionDigits: 2) ?? -1
    }
}
