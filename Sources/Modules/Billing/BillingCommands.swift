import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct BillingCommands {
    let currency: Currency
    private let billing: EntityCommands<Billing>

    init(currency: Currency) {
        self.currency = currency
        billing = EntityCommands<Billing>("billing", plural: "billings", fields: Billing.fields(currency))
    }

    var definitions: [CommandDefinition] {
        [
            billing.create(prefetch: Self.references, complete: stamp, making: bill).refusing(.conflict),
            billing.get, billing.list(by: [.by("order_id", .uuid, Billing.byOrder, "the one of an order")]),
            billing.history, billing.difference,
            billing.update(
                prefetch: Self.references, complete: stamp, own: Billing.ownFields, making: replace
            ).refusing(.conflict),
            billing.delete(rule: Self.withdraw).refusing(.conflict),
            refund.refusing(.conflict), refundRest,
        ] + BillingQueries(currency: currency).definitions
    }

    // MARK: Billing

    private static func references(_ parameters: JSONObject) -> [EntityReference] {
        guard let id = parameters["order_id"]?.string else { return [] }
        return [OrderID(id).reference, .unique(Billing.byOrder, id)]
    }

    private func stamp(_ parameters: JSONObject) -> JSONObject {
        var parameters = parameters
        if parameters["done"]?.number == nil { parameters["done"] = .number(UnixTime.now) }
        parameters["currency"] = .string(currency.code)
        return parameters
    }

    private func bill(_ billing: Billing, in unit: UnitOfWork) async throws(Refusal) -> Billing {
        guard let order = try await unit.find(billing.orderID) else {
            throw Refusal([Violation("/order_id", "must be of an order that there is")])
        }
        if let holder = try await unit.claim(Billing.byOrder, order.id.text, for: billing.id) {
            throw Refusal(.conflict, "the order \(order.id) is billed already, by \(holder)")
        }
        let total = try await OrderTotal(currency: currency).of(order, in: unit)
        var billed = billing
        let amount = try BillingRules.amount(given: billing.amount, total: total, of: order)
        billed.amount = amount
        billed.refunded = Money(minorUnits: 0, currency: amount.currency)
        try await OrderCommand.bill(order.id, in: unit)
        return billed
    }

    private func replace(_ old: Billing, _ new: Billing, in unit: UnitOfWork) async throws(Refusal) -> Billing {
        if old.orderID != new.orderID {
            try await Self.withdraw(old, in: unit)
            return try await bill(new, in: unit)
        }
        return try BillingRules.changed(old, to: new, total: try await amount(of: old, in: unit))
    }

    /// The order waits for its money again. One that is gone does not.
    private static func withdraw(_ billing: Billing, in unit: UnitOfWork) async throws(Refusal) {
        try BillingRules.withdraw(billing)
        // Another program's billing does not move an order.
        guard let order = try await unit.find(billing.orderID), try await order.standing(in: unit) != .placed
        else { return }
        try await OrderCommand.unbill(order.id, in: unit)
    }

    /// What was paid. Of a billing of before there were amounts: what the order costs by its products' last prices.
    private func amount(of billing: Billing, in unit: UnitOfWork) async throws(Refusal) -> Money {
        if let amount = billing.amount { return amount }
        guard let order = try await unit.last(billing.orderID) else {
            return Money(minorUnits: 0, currency: currency)
        }
        return try await OrderTotal(currency: currency).of(order, in: unit)
    }

    // MARK: Refunding

    private var refund: CommandDefinition {
        .change(
            "billing.refund", "Gives money of a billing back; the result is the refund.",
            [
                billing.id,
                Field("amount", .amount(currency), required: false, "how much; all that is left, if left out"),
                Field("reason", .line(1...500), required: false, "why, for the record"),
            ], returns: .any([("type", "object")]),
            http: [HTTPBinding(.post, "/billing/{id}/refund", body: .optionalObject)]
        ) { parameters, unit throws(Refusal) in
            let paid = try await billing.existing(parameters, in: unit)
            let amount = parameters["amount"]?.number.flatMap { Money($0, currency) }
            let refund = try await give(amount, backOf: paid, because: parameters["reason"]?.string, in: unit)
            return (try? JSONValue(parsing: refund.json)) ?? .null
        }
    }

    private var refundRest: CommandDefinition {
        .step(
            "billing.refund_rest", "Gives back what is left of an order's billing.",
            [Field("order_id", .uuid), Field("reason", .line(1...500))], prefetch: Self.references
        ) { parameters, unit throws(Refusal) in
            let order = parameters["order_id"]?.string ?? ""
            guard let paid = try await unit.find(Billing.self, by: Billing.byOrder, order) else { return false }
            let amount = try await amount(of: paid, in: unit)
            if amount.minorUnits == (paid.refunded?.minorUnits ?? 0) { return false }
            _ = try await give(nil, backOf: paid, because: parameters["reason"]?.string, in: unit)
            return true
        }
    }

    private func give(
        _ amount: Money?, backOf billing: Billing, because reason: String?, in unit: UnitOfWork
    ) async throws(Refusal) -> Refund {
        let paid = try await self.amount(of: billing, in: unit)
        let before = billing.refunded ?? Money(minorUnits: 0, currency: paid.currency)
        let (amount, refunded) = try BillingRules.refund(amount, of: paid, refunded: before)
        var changed = billing
        changed.amount = paid
        changed.refunded = refunded
        let refund = Refund(of: billing, amount: amount, at: UnixTime.now, reason: reason)
        unit.create(refund)
        unit.update(changed)
        return refund
    }
}
