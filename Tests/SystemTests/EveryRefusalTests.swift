import JSON
import JSONRPC
import TestKit
import Testing

/// What `rpc.discover` says that a command can be refused for is what it is refused for, each with its code and a reason,
/// and nothing of it is done. A new command is named here by parameters that it takes (`Offer`).
@Suite(.timeLimit(.minutes(12))) struct `Every refusal of every command` {
    /// A command and one of the reasons that it documents.
    private struct Pair: Hashable, CustomStringConvertible {
        let method: String
        let reason: String

        var description: String { "\(method): \(reason)" }
    }

    /// What needs more than a call: a caller without a role (PermissionTests), a Redis that is lost in the middle
    /// (LostAnswerTests, CutTests), a fault of ours.
    private static let elsewhere: Set = ["forbidden", "outcome-unknown", "internal-error"]

    /// It takes a shop that encrypts, and has no other refusal than a conflict in one that does not.
    private static let erase = "customer.erase"

    private func options(isEncrypting: Bool) -> DaemonProcess.Options {
        var options = DaemonProcess.Options()
        options.environment["ORDERSHOP_SHIPPING_AUTOMATIC"] = "false"
        options.environment["ORDERSHOP_PRIVACY_ENCRYPT"] = "\(isEncrypting)"
        return options
    }

    @Test func `is documented, given with its code and reason, and changes nothing`() async throws {
        let (documented, codes) = try await withShop { shop in try await self.documented(in: shop) }
        let methods = Set(documented.map(\.method)).subtracting([Self.erase]).sorted()
        var given = try await withShop(options(isEncrypting: false)) { shop in
            let offer = try await Offer(in: shop)
            var probe = RefusalProbe(shop: shop, codes: codes)
            for method in methods where offer.calls[method] == nil {
                Issue.record("\(method) is not known here: name parameters that it takes in Offer")
            }
            for (method, params) in offer.conflicts { try await probe.expect("conflict", method, params) }
            try await self.refuse(offer.calls, &probe)
            return probe.given
        }
        given.formUnion(
            try await withShop(options(isEncrypting: true)) { shop in
                let ada = try await shop.createOne("/customers", customer("Ada"))
                let eve = try await shop.createOne("/customers", customer("Eve"))
                _ = try await shop.call(
                    "customer.create", ["name": "Key", "email": "key@example.org", "idempotency_key": "used"])
                _ = try await shop.call(Self.erase, ["id": .string(ada)])
                try await shop.settle()
                var probe = RefusalProbe(shop: shop, codes: codes)
                try await probe.expect(
                    "conflict", "customer.update", ["id": .string(ada), "name": "A", "email": "a@example.org"])
                try await self.refuse([Self.erase: JSONObject([("id", .string(eve))])], &probe)
                return probe.given
            })
        let pairs = Set(given.map { Pair(method: $0.method, reason: $0.reason) })
        let missing = documented.filter { !Self.elsewhere.contains($0.reason) && !pairs.contains($0) }
        #expect(missing.isEmpty, "documented, and never seen: \(missing.map(\.description).sorted())")
        let secret = pairs.subtracting(documented)
        #expect(secret.isEmpty, "seen, and not documented: \(secret.map(\.description).sorted())")
    }

    private func documented(in shop: Shop) async throws -> (pairs: [Pair], codes: [String: Int64]) {
        let document = try await shop.call("rpc.discover")
        let methods = (document["methods"]?.array ?? []).filter {
            $0["x-changes"] == true && $0["tags"]?.array?.first?["name"] != "daemon"
        }
        #expect(methods.count > 30)
        let pairs = methods.flatMap { method in
            (method["errors"]?.array ?? []).compactMap { error in
                error["$ref"]?.string?.split(separator: "/").last.map {
                    Pair(method: method["name"]?.string ?? "", reason: String($0))
                }
            }
        }
        let errors = document["components"]?["errors"]?.object?.members ?? []
        return (pairs, Dictionary(errors.map { ($0.key, $0.value["code"]?.number?.int64 ?? 0) }) { $1 })
    }

    // MARK: What any command can be refused for

    private func refuse(_ calls: [String: JSONObject], _ probe: inout RefusalProbe) async throws {
        for (method, params) in calls.sorted(by: { $0.key < $1.key }) { try await refuse(method, params, &probe) }
        try await refuseWhileDisabled(calls, &probe)
        try await refuseWithoutReplicas(calls, &probe)
    }

    private func refuse(_ method: String, _ params: JSONObject, _ probe: inout RefusalProbe) async throws {
        try await probe.expect("invalid", method, .object(params.with("nonsense", 1)), pointer: "/nonsense")
        try await probe.expect(
            "idempotency-key-reused", method, .object(params.with("idempotency_key", "used")))
        guard params["id"] != nil else { return }
        try await probe.expect("not-found", method, .object(params.with("id", .string(nobody))))
        try await probe.expect("revision-mismatch", method, .object(params.with("expected_revision", "1-1")))
    }

    private func refuseWhileDisabled(_ calls: [String: JSONObject], _ probe: inout RefusalProbe) async throws {
        for module in Set(calls.keys.map { String($0.prefix { $0 != "." }) }).sorted() {
            try await probe.shop.setEnabled(false, module)
            for (method, params) in calls.sorted(by: { $0.key < $1.key }) where method.hasPrefix("\(module).") {
                try await probe.expect("module-disabled", method, .object(params))
            }
            try await probe.shop.setEnabled(true, module)
        }
    }

    private func refuseWithoutReplicas(_ calls: [String: JSONObject], _ probe: inout RefusalProbe) async throws {
        try await probe.shop.settle()
        _ = try await probe.shop.redis.run("CONFIG", "SET", "min-replicas-to-write", "1")
        for (method, params) in calls.sorted(by: { $0.key < $1.key }) {
            try await probe.expect("unavailable", method, .object(params))
        }
        _ = try await probe.shop.redis.run("CONFIG", "SET", "min-replicas-to-write", "0")
    }
}

/// Calls what is to be refused, and notes what was.
private struct RefusalProbe {
    let shop: Shop
    /// The JSON-RPC code of each reason.
    let codes: [String: Int64]
    private(set) var given: Set<[String]> = []

    init(shop: Shop, codes: [String: Int64]) {
        self.shop = shop
        self.codes = codes
    }

    /// - Parameter pointer: the field that is complained about.
    mutating func expect(
        _ reason: String, _ method: String, _ params: JSONValue, pointer: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let (lengths, cache) = (try await shop.streamLengths(), try await CacheDump(of: shop))
        let what = Comment(rawValue: "\(method) \(params.text) was to be refused as \(reason)")
        do {
            let result = try await shop.call(method, params)
            Issue.record("\(what), but answered \(result.text)", sourceLocation: sourceLocation)
        } catch let error as JSONRPCError {
            let found = error.data?["reason"]?.string ?? ""
            #expect(found == reason, "\(what): \(error.message)", sourceLocation: sourceLocation)
            #expect(Int64(error.code) == codes[found], what, sourceLocation: sourceLocation)
            #expect(error.message.count > 15, what, sourceLocation: sourceLocation)
            if let pointer {
                #expect(error.data?["errors"]?.array?.first?["pointer"]?.string == pointer, what)
            }
            given.insert([method, found])
        }
        #expect(try await shop.streamLengths() == lengths, what, sourceLocation: sourceLocation)
        let difference = cache.difference(try await CacheDump(of: shop))
        #expect(difference == [], what, sourceLocation: sourceLocation)
    }
}

extension [String] {
    fileprivate var method: String { self[0] }
    fileprivate var reason: String { self[1] }
}

extension JSONObject {
    fileprivate func with(_ name: String, _ value: JSONValue) -> JSONObject {
        var object = self
        object[name] = value
        return object
    }
}

/// A shop in which every command can be done, and what is against some of them.
private struct Offer {
    /// Parameters that each command takes as the shop is.
    let calls: [String: JSONObject]
    /// What the state of the shop is against.
    let conflicts: [(String, JSONValue)]

    init(in shop: Shop) async throws {
        let (tea, full) = (
            try await shop.stock("Tea", 100), try await shop.stock("Water", 9_007_199_254_740_991)
        )
        let bare = try await shop.createOne("/products", product("Bare"))
        let ada = try await shop.createOne("/customers", customer("Ada"))
        let eve = try await shop.createOne("/customers", customer("Eve"))
        _ = try await shop.call(
            "customer.create", ["name": "Key", "email": "key@example.org", "idempotency_key": "used"])
        func placed() async throws -> String { try await shop.createOne("/orders", order([tea.product], by: ada)) }
        func billed() async throws -> (order: String, billing: String) {
            let order = try await placed()
            return (order, try await shop.createOne("/billings", billing(order)))
        }
        func parcel() async throws -> (order: String, billing: String, parcel: String) {
            let (order, billing) = try await billed()
            let parcel = try await shop.createOne("/shippings", ["order_id": .string(order)])
            return (order, billing, parcel)
        }
        let (open, paid, packed, sent, arrived) = (
            try await placed(), try await billed(), try await parcel(), try await parcel(), try await parcel()
        )
        for id in [sent.parcel, arrived.parcel] { _ = try await shop.call("shipping.ship", ["id": .string(id)]) }
        _ = try await shop.call("shipping.deliver", ["id": .string(arrived.parcel)])
        let given = try await billed()
        _ = try await shop.call("billing.refund", ["id": .string(given.billing)])
        func cart(of customer: String) async throws -> String {
            try await shop.createOne(
                "/carts", ["customer_id": .string(customer), "product_id": .string(tea.product)])
        }
        let old = try await cart(of: eve)
        _ = try await shop.call("cart.checkout", ["id": .string(old)])
        let fresh = try await cart(of: ada)
        let hook: [(String, JSONValue)] = [("url", "https://127.1/"), ("events", ["customer.*"])]
        // Its address is found to be private when the connection is made, and not before.
        func created() async throws -> String {
            try await shop.call("webhook.create", .object(JSONObject(hook)))["id"]?.string ?? ""
        }
        try await shop.setEnabled(true, "webhook")
        let (told, silent) = (try await created(), try await created())
        _ = try await shop.call("webhook.disable", ["id": .string(silent)])
        _ = try await shop.createOne("/customers", customer("Bob"))
        var delivery = JSONValue.null
        try await eventually("a delivery has failed") {
            let deliveries = try await shop.call("webhook.deliveries", ["id": .string(told)])
            delivery = deliveries.array?.first?["delivery"] ?? .null
            return delivery != .null
        }
        try await shop.settle()

        func id(_ id: String, _ more: (String, JSONValue)...) -> JSONObject {
            JSONObject([("id", .string(id))] + more)
        }
        let (teas, name, address): (JSONValue, JSONValue, JSONValue) = (.list([tea.product]), "A", "a@example.org")
        let line = ("product_id", JSONValue.string(tea.product))
        let who = ("customer_id", JSONValue.string(ada))
        calls = [
            "customer.create": JSONObject([("name", name), ("email", address)]),
            "customer.update": id(ada, ("name", name), ("email", address)), "customer.delete": id(ada),
            "product.create": JSONObject([("name", "Cup"), ("price", 1)]),
            "product.update": id(tea.product, ("name", "Cup"), ("price", 1)), "product.delete": id(tea.product),
            "inventory.create": JSONObject([("product_id", .string(bare)), ("amount", 1)]),
            "inventory.update": id(tea.inventory, line, ("amount", 50)), "inventory.delete": id(tea.inventory),
            "inventory.increment": id(tea.inventory), "inventory.decrement": id(tea.inventory),
            "inventory.count": id(tea.inventory, ("on_hand", 90)),
            "inventory.level": id(tea.inventory, ("low_stock_at", 7)),
            "inventory.reserve": JSONObject([("order_id", .string(open)), ("product_ids", teas)]),
            "inventory.release": JSONObject([("order_id", .string(open)), ("product_ids", teas)]),
            "order.create": JSONObject([("product_ids", teas), who]),
            "order.update": id(open, ("product_ids", .list([tea.product, tea.product])), who),
            "order.delete": id(open), "order.cancel": id(open),
            "cart.put": JSONObject([who, line]), "cart.change": id(fresh, line, ("pieces", 2)),
            "cart.remove": id(fresh, line), "cart.checkout": id(fresh), "cart.delete": id(fresh),
            "billing.create": JSONObject([("order_id", .string(open))]),
            "billing.update": id(paid.billing, ("order_id", .string(paid.order)), ("done", 5)),
            "billing.delete": id(paid.billing), "billing.refund": id(paid.billing),
            "shipping.create": JSONObject([("order_id", .string(paid.order))]),
            "shipping.ship": id(packed.parcel), "shipping.deliver": id(sent.parcel),
            "shipping.track": id(packed.parcel, ("tracking_code", "X")), "shipping.delete": id(packed.parcel),
            "mail.send": JSONObject([("to", address), ("subject", "Hello"), ("body", "Text")]),
            "webhook.create": JSONObject(hook), "webhook.update": JSONObject([("id", .string(told))] + hook),
            "webhook.delete": id(told), "webhook.enable": id(silent), "webhook.disable": id(told),
            "webhook.rotate": id(told), "webhook.test": id(told),
            "webhook.redeliver": id(told, ("delivery", delivery)),
        ]

        func conflict(_ method: String, _ params: JSONObject) -> (String, JSONValue) { (method, .object(params)) }
        let tooMany = JSONValue.list(Array(repeating: tea.product, count: 200))
        conflicts = [
            // Without keys there is nothing that could be destroyed.
            conflict("customer.erase", id(ada)),
            conflict("webhook.redeliver", id(silent, ("delivery", delivery))),
            conflict("inventory.create", JSONObject([line, ("amount", 1)])),
            conflict("inventory.update", id(full.inventory, line, ("amount", 1))),
            conflict("inventory.update", id(tea.inventory, line, ("amount", 9_007_199_254_740_991))),
            conflict("inventory.increment", id(full.inventory)),
            conflict("inventory.decrement", id(tea.inventory, ("amount", 101))),
            conflict("inventory.count", id(tea.inventory, ("on_hand", 0))),
            conflict("inventory.reserve", JSONObject([("order_id", .string(open)), ("product_ids", tooMany)])),
            conflict(
                "inventory.reserve", JSONObject([("order_id", .string(open)), ("product_ids", .list([bare]))])),
            conflict(
                "inventory.release",
                JSONObject([("order_id", .string(open)), ("product_ids", .list([full.product]))])),
            conflict("order.create", JSONObject([("product_ids", tooMany), who])),
            conflict("order.create", JSONObject([("product_ids", .list([bare])), who])),
            conflict("order.update", id(open, ("product_ids", tooMany), who)),
            conflict("order.update", id(paid.order, ("product_ids", teas), who)),
            conflict("order.delete", id(sent.order)), conflict("order.cancel", id(sent.order)),
            conflict("order.cancel", id(arrived.order)),
            conflict("cart.put", JSONObject([who, line, ("pieces", 1_000)])),
            conflict("cart.change", id(old, line, ("pieces", 2))), conflict("cart.remove", id(old, line)),
            conflict("cart.checkout", id(old)),
            conflict("billing.create", JSONObject([("order_id", .string(paid.order))])),
            conflict("billing.create", JSONObject([("order_id", .string(open)), ("amount", 1)])),
            conflict("billing.update", id(paid.billing, ("order_id", .string(packed.order)))),
            conflict("billing.update", id(paid.billing, ("order_id", .string(paid.order)), ("amount", 1))),
            conflict("billing.delete", id(given.billing)), conflict("billing.delete", id(sent.billing)),
            conflict("billing.refund", id(given.billing)),
            conflict("billing.refund", id(paid.billing, ("amount", 9))),
            conflict("shipping.create", JSONObject([("order_id", .string(open))])),
            conflict("shipping.create", JSONObject([("order_id", .string(packed.order))])),
            conflict("shipping.ship", id(sent.parcel)), conflict("shipping.deliver", id(packed.parcel)),
            conflict("shipping.deliver", id(arrived.parcel)), conflict("shipping.delete", id(sent.parcel)),
        ]
    }
}
