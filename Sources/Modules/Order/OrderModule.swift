public import EventStore
public import HandlerRuntime
import JSON
import ShopContracts

/// What customers ordered. The pieces come out of the inventory module's stock, in the same step.
public struct OrderModule: HandlerModule {
    public let name = "order"
    public let summary = "The orders"
    public let topics = [Order.definition]

    public init() {}

    public var commands: [CommandDefinition] { OrderCommands().definitions }

    /// `unbilled`: the orders that no billing speaks of. Orders come in when they are placed and when their billing
    /// is taken back, and go out when they are billed or deleted.
    public let projections = [
        Projection(of: Order.topic) { change in
            switch (change.before, change.after) {
            case (nil, .some): [.add(index: OrderCommands.unbilledIndex, id: change.id)]
            case (.some, nil): [.remove(index: OrderCommands.unbilledIndex, id: change.id)]
            case (nil, nil), (.some, .some): []
            }
        },
        Projection(of: Billing.topic) { change in
            let old = change.before?["order_id"]?.string
            let new = change.after?["order_id"]?.string
            if old == new { return [] }
            return (old.map { [.add(index: OrderCommands.unbilledIndex, id: $0)] } ?? [])
                + (new.map { [.remove(index: OrderCommands.unbilledIndex, id: $0)] } ?? [])
        },
    ]
}
