public import EventStore
public import HandlerRuntime
import JSON
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
            customer.difference, export,
        ]
    }

    private var export: CommandDefinition {
        .query(
            "customer.export", "All that is held on one customer, as one document.",
            [Field("id", .line(1...200), "the customer's id")], returns: .any([("type", "object")]),
            http: [HTTPBinding(.get, "/customer/{id}/export")]
        ) { parameters, store throws(Refusal) in
            let id = parameters["id"]?.string ?? ""
            var export = CustomerExport(of: CustomerID(id), in: store)
            let document = try await export.document()
            guard document["customer"] != .null else {
                throw Refusal(
                    .notFound, "there is no customer \(id.prefix(100)), and there never was",
                    details: JSONObject([("entity", .string("customer:\(id.prefix(200))"))]))
            }
            return .value(document)
        }
    }
}
