public import EventStore
public import HandlerRuntime
public import ShopContracts

/// What customers ordered. The pieces come out of the inventory module's stock, in the same step.
public struct OrderModule: HandlerModule {
    public let name = "order"
    public let summary = "The orders"
    public let topics = [Order.definition]
    public let projections = OrderIndexes.all
    private let currency: Currency
    private let unpaidAfter: Duration?

    /// - Parameter unpaidAfter: how long an order may wait for its money; nil: for ever.
    public init(currency: Currency, unpaidAfter: Duration? = nil) {
        self.currency = currency
        self.unpaidAfter = unpaidAfter
    }

    /// What nobody pays for can be sold to others. An order of before there was a status lapses, too: the time begins
    /// when it came to wait for its money.
    public var periodicWork: [PeriodicWork] {
        guard let unpaidAfter else { return [] }
        return [
            .overdue("lapse", in: OrderQueries.unbilled, for: unpaidAfter) { (id, unit) throws(Refusal) in
                guard let order: Order = try await unit.find(ID(id)), try await order.standing(in: unit) == .placed
                else { return }
                try await OrderCommand.cancel(order.id, because: "lapsed", in: unit)
            }
        ]
    }

    public var commands: [CommandDefinition] { OrderCommands(currency: currency).definitions }
}
