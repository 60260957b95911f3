import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// The lists of orders by how far they have come, written in the steps that move them.
enum OrderIndexes {
    static let all: [Projection] =
        [
            .sequence(Order.numbers, of: Order.topic, by: "number"), .unique(Order.byNumber), waiting,
            billed,
            .ever(Order.topic, of: "customer_id"),
        ] + OrderStatus.allCases.map { listed(index(of: $0.rawValue), $0) }

    /// The orders in a state.
    static func index(of status: String) -> String {
        status == OrderStatus.billed.rawValue ? OrderQueries.unshipped : "order.\(status)"
    }

    /// `unbilled`: the orders that no billing speaks of. Orders come in when they are placed and when their billing
    /// is taken back, and go out when they are billed, cancelled or deleted.
    private static let waiting = Projection(of: Order.topic, named: OrderQueries.unbilled) { change in
        switch (isWaiting(change.before), isWaiting(change.after)) {
        case (false, true): [.add(index: OrderQueries.unbilled, id: change.id)]
        case (true, false): [.remove(index: OrderQueries.unbilled, id: change.id)]
        case (false, false), (true, true): []
        }
    }

    private static func isWaiting(_ order: JSONObject?) -> Bool {
        order.map { status(of: $0) != .cancelled } ?? false
    }

    private static let billed = Projection(of: Billing.topic, named: OrderQueries.unbilled) { change in
        let old = change.before?["order_id"]?.string
        let new = change.after?["order_id"]?.string
        if old == new { return [] }
        return (old.map { [.add(index: OrderQueries.unbilled, id: $0)] } ?? [])
            + (new.map { [.remove(index: OrderQueries.unbilled, id: $0)] } ?? [])
    }

    /// The orders in a state, in the order in which they came into it.
    private static func listed(_ index: String, _ status: OrderStatus) -> Projection {
        let isOld = [OrderQueries.unshipped, OrderQueries.delivered].contains(index)
        return Projection(of: Order.topic, named: index, version: isOld ? "1" : "2") { change in
            let was = self.status(of: change.before) == status
            let `is` = self.status(of: change.after) == status
            if was == `is` { return [] }
            return [`is` ? .add(index: index, id: change.id) : .remove(index: index, id: change.id)]
        }
    }

    private static func status(of order: JSONObject?) -> OrderStatus? {
        order?["status"]?.string.flatMap { OrderStatus(rawValue: $0) }
    }
}
