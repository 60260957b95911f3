import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// The lists of orders by how far they have come.
struct OrderQueries {
    static let unbilled = "order.unbilled"
    static let unshipped = "order.unshipped"
    static let delivered = "order.delivered"

    let order: EntityCommands<Order>

    var definitions: [CommandDefinition] {
        [
            list(Self.unbilled, "The orders that wait for their money, oldest first."),
            list(Self.unshipped, "The orders that are billed and not shipped, those first that were billed first."),
            list(Self.delivered, "The orders that are delivered, those first that were delivered first."),
            byNumber, OrderReport.definition,
        ]
    }

    private func list(_ name: String, _ summary: String) -> CommandDefinition {
        order.list(name, summary, at: "/orders/\(name.dropFirst("order.".count))")
    }

    private var byNumber: CommandDefinition {
        .query(
            "order.by_number", "The order of a number, or null where there is none.",
            [Field("number", .integer(1...Int64(Money.maxTotalMinorUnits)), "the order's number")],
            returns: .any([("type", "object")]).orNull
        ) { parameters, store throws(Refusal) in
            let reference = EntityReference.unique(
                Order.byNumber, parameters["number"]?.number?.int64?.description ?? "")
            let states: [EntityState?]
            do throws(StoreError) { states = try await store.load([reference]) } catch { throw Refusal(error) }
            guard let state = states.first ?? nil, state.exists else { return .value(.null) }
            return .text(state.bytes)
        }
    }
}
