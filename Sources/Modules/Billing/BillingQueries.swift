import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct BillingQueries {
    static let refundsOf = "refund.billing_id"

    let currency: Currency

    var definitions: [CommandDefinition] { [balance, refunds] }

    private var balance: CommandDefinition {
        .query(
            "order.balance",
            "What was paid for an order, what of it was given back, and what that leaves; null where nobody knows it.",
            [Field("id", .line(1...200), "the order's id")], returns: Self.balanceSchema.orNull,
            http: [HTTPBinding(.get, "/order/{id}/balance")]
        ) { parameters, store throws(Refusal) in
            let id = OrderID(parameters["id"]?.string ?? "")
            let states: [EntityState?]
            do throws(StoreError) {
                states = try await store.load([id.reference, .unique(Billing.byOrder, id.text)])
            } catch { throw Refusal(error) }
            let order = try states[0].map { state throws(Refusal) in try decode(Order.self, state) }
            let billing = try states[1].flatMap { state throws(Refusal) in
                state.exists ? try decode(Billing.self, state) : nil
            }
            if order == nil && billing == nil { return .value(.null) }
            return .value(try await balance(of: id, order, billing, store))
        }
    }

    private static let balanceSchema = Schema.any([
        ("type", "object"),
        (
            "properties",
            [
                "order_id": ["type": "string", "format": "uuid"], "paid": ["type": "number"],
                "refunded": ["type": "number"], "balance": ["type": "number"], "currency": ["type": "string"],
            ]
        ),
    ])

    private func balance(
        of id: OrderID, _ order: Order?, _ billing: Billing?, _ store: Store
    ) async throws(Refusal) -> JSONValue {
        let nothing = Money(minorUnits: 0, currency: order?.total?.currency ?? currency)
        var paid = billing == nil ? nothing : billing?.amount
        // A billing of before there were amounts.
        if paid == nil, let order { paid = try await OrderTotal(currency: currency).of(order, in: store) }
        let (amount, refunded) = (paid ?? nothing, billing?.refunded ?? nothing)
        guard let balance = amount.subtracting(refunded) else {
            throw Refusal(.internalError, "the balance of the order \(id) does not fit")
        }
        return [
            "order_id": .string(id.text), "paid": .number(amount.number), "refunded": .number(refunded.number),
            "balance": .number(balance.number), "currency": .string(amount.currency.code),
        ]
    }

    private func decode<E: Entity>(_ type: E.Type, _ state: EntityState) throws(Refusal) -> E {
        guard let object = state.decoded(), let entity = try? E(stored: object) else {
            throw Refusal(.internalError, "the stored \(E.topic) \(state.id) cannot be read")
        }
        return entity
    }

    private var refunds: CommandDefinition {
        EntityCommands<Refund>("refund", plural: nil, fields: []).list(
            "billing.refunds", "What was given back of a billing, oldest first.", in: Self.refundsOf,
            of: Field("id", .line(1...200), "the billing's id"), at: "/billing/{id}/refunds")
    }
}
