public import EventStore
public import HandlerRuntime
import ShopContracts

/// Who can order. No rule binds a customer to anything: one who has orders can go.
public struct CustomerModule: HandlerModule {
    public let name = "customer"
    public let summary = "The customers"
    public let topics = [Customer.definition]

    public init() {}

    public var commands: [CommandDefinition] {
        let customer = EntityCommands<Customer>("customer", plural: "customers", fields: Customer.fields)
        return [
            customer.create(), customer.get, customer.list, customer.update(), customer.delete(), customer.history,
            customer.difference,
        ]
    }
}
