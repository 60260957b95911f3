import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct BillingCommands {
    private let billing = EntityCommands<Billing>("billing", plural: "billings", fields: Billing.fields)

    var definitions: [CommandDefinition] {
        [
            billing.create(prefetch: Self.references, complete: Self.stamp, rule: Self.bill),
            billing.get, billing.list, billing.history, billing.difference,
            billing.update(prefetch: Self.references, complete: Self.stamp, rule: Self.replace),
            billing.delete(),
        ]
    }

    private static func references(_ parameters: JSONObject) -> [EntityReference] {
        guard let id = parameters["order_id"]?.string else { return [] }
        return [OrderID(id).reference, .unique(Billing.byOrder, id)]
    }

    private static func stamp(_ parameters: JSONObject) -> JSONObject {
        var parameters = parameters
        if parameters["done"]?.number == nil { parameters["done"] = .number(UnixTime.now) }
        return parameters
    }

    private static func bill(_ billing: Billing, in unit: UnitOfWork) async throws(Refusal) {
        guard try await unit.find(billing.orderID) != nil else {
            throw Refusal([Violation("/order_id", "must be of an order that there is")])
        }
        if let holder = try await unit.claim(Billing.byOrder, billing.orderID.text, for: billing.id) {
            throw Refusal(.conflict, "the order \(billing.orderID) is billed already, by \(holder)")
        }
    }

    private static func replace(_ old: Billing, _ new: Billing, in unit: UnitOfWork) async throws(Refusal) {
        if old.orderID != new.orderID { try await bill(new, in: unit) }
    }
}
