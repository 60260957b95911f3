import HandlerRuntime
import JSON
import Synchronization

/// The clients of a shop, and what they know of it.
final class World: Sendable {
    private struct Known {
        var customers: [String] = []
        var products: [String] = []
        var inventories: [String: String] = [:]
        var orders: [String] = []
    }

    private let shop: PropertyShop
    private let known = Mutex(Known())

    init(_ shop: PropertyShop) { self.shop = shop }

    /// So many clients do one deed each at the same time, then the next.
    /// - Throws: what is no refusal that a client may get.
    func live(_ deeds: [Deed], clients: Int) async throws {
        for start in stride(from: 0, to: deeds.count, by: clients) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for deed in deeds[start..<min(start + clients, deeds.count)] {
                    group.addTask { try await self.perform(deed) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func perform(_ deed: Deed) async throws {
        do { try await attempt(deed) } catch let refusal as Refusal {
            switch refusal.code {
            case .conflict, .invalid, .notFound: break
            default: throw Broken("\(deed): \(refusal)")
            }
        }
    }

    private func attempt(_ deed: Deed) async throws {
        switch deed {
        case .addCustomer:
            let id = try await shop.call("customer.create", ["name": "Ada", "email": "ada@example.org"])
            known.withLock { $0.customers.append(id.string ?? "") }
        case .addProduct(let cents, let pieces): try await addProduct(cents, pieces)
        case .increment(let product, let pieces): try await stock(product, "increment", "amount", pieces)
        case .decrement(let product, let pieces): try await stock(product, "decrement", "amount", pieces)
        case .count(let product, let pieces): try await stock(product, "count", "on_hand", pieces)
        case .offer(let product, let amount):
            guard let id = self.product(product) else { return }
            try await stock(product, "update", "amount", amount, ["product_id": .string(id)])
        case .order(let customer, let products):
            guard let order = ordered(products, by: customer) else { return }
            note(order: try await shop.call("order.create", order))
        case .change(let order, let products):
            guard let id = self.order(order), var wanted = ordered(products, by: 0)?.object else { return }
            wanted["id"] = .string(id)
            _ = try await shop.call("order.update", .object(wanted))
        case .cancel(let order): try await about(order, "order.cancel")
        case .delete(let order): try await about(order, "order.delete")
        case .bill(let order): try await about(order, "billing.create", as: "order_id")
        case .unbill(let order): try await aboutPart("billing", of: order, "billing.delete")
        case .refund(let order, let cents):
            try await aboutPart("billing", of: order, "billing.refund", ["amount": .cents(cents)])
        case .prepare(let order): try await about(order, "shipping.create", as: "order_id")
        case .ship(let order): try await aboutPart("shipping", of: order, "shipping.ship")
        case .deliver(let order): try await aboutPart("shipping", of: order, "shipping.deliver")
        case .put(let customer, let product, let pieces):
            guard let customer = self.customer(customer), let product = self.product(product) else { return }
            _ = try await shop.call(
                "cart.put",
                ["customer_id": .string(customer), "product_id": .string(product), "pieces": .int(pieces)])
        case .remove(let customer, let product):
            guard let cart = try await cart(of: customer), let product = self.product(product) else { return }
            _ = try await shop.call("cart.remove", ["id": cart, "product_id": .string(product)])
        case .checkOut(let customer):
            guard let cart = try await cart(of: customer) else { return }
            note(order: try await shop.call("cart.checkout", ["id": cart]))
        }
    }

    private func addProduct(_ cents: Int, _ pieces: Int) async throws {
        let product = try await shop.call("product.create", ["name": "Tea", "price": .cents(cents)])
        let inventory = try await shop.call("inventory.create", ["product_id": product, "amount": .int(pieces)])
        known.withLock { known in
            known.products.append(product.string ?? "")
            known.inventories[product.string ?? ""] = inventory.string
        }
    }

    private func stock(
        _ product: Int, _ verb: String, _ name: String, _ pieces: Int, _ more: [String: JSONValue] = [:]
    ) async throws {
        guard let id = self.product(product), let inventory = known.withLock({ $0.inventories[id] }) else { return }
        var parameters = JSONObject([("id", .string(inventory)), (name, .int(pieces))])
        for (name, value) in more { parameters[name] = value }
        _ = try await shop.call("inventory.\(verb)", .object(parameters))
    }

    private func about(_ order: Int, _ method: String, as name: String = "id") async throws {
        guard let id = self.order(order) else { return }
        _ = try await shop.call(method, .object(JSONObject([(name, .string(id))])))
    }

    /// The billing or the shipping of an order, by looking for it.
    private func aboutPart(
        _ noun: String, of order: Int, _ method: String, _ more: [String: JSONValue] = [:]
    ) async throws {
        guard let id = self.order(order) else { return }
        let parts = try await shop.call("\(noun).list").array ?? []
        guard let part = parts.first(where: { $0["order_id"]?.string == id }), let partID = part["id"] else {
            return
        }
        var parameters = JSONObject([("id", partID)])
        for (name, value) in more { parameters[name] = value }
        _ = try await shop.call(method, .object(parameters))
    }

    private func cart(of customer: Int) async throws -> JSONValue? {
        guard let customer = self.customer(customer) else { return nil }
        return try await shop.call("cart.of_customer", ["id": .string(customer)])["id"]
    }

    private func ordered(_ products: [Int], by customer: Int) -> JSONValue? {
        let ids = products.compactMap { product($0) }
        guard let customer = self.customer(customer), !ids.isEmpty else { return nil }
        return ["product_ids": .array(ids.map { .string($0) }), "customer_id": .string(customer)]
    }

    // MARK: What is known

    private func note(order: JSONValue) { known.withLock { $0.orders.append(order.string ?? "") } }
    private func customer(_ number: Int) -> String? { known.withLock { Self.pick(number, of: $0.customers) } }
    private func product(_ number: Int) -> String? { known.withLock { Self.pick(number, of: $0.products) } }
    private func order(_ number: Int) -> String? { known.withLock { Self.pick(number, of: $0.orders) } }

    /// Numbers below zero count from the end.
    private static func pick(_ number: Int, of things: [String]) -> String? {
        if things.isEmpty { return nil }
        let place = number % things.count
        return things[place < 0 ? place + things.count : place]
    }
}

/// What must never be.
struct Broken: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension JSONValue {
    static func int(_ number: Int) -> JSONValue { .number(JSONNumber(Int64(number))) }
    /// So many cents, in euros.
    static func cents(_ cents: Int) -> JSONValue { .number(JSONNumber(unscaled: Int64(cents), fractionDigits: 2)) }
}
