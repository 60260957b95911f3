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

    public init(currency: Currency) { self.currency = currency }

    public var commands: [CommandDefinition] { OrderCommands(currency: currency).definitions }
}
