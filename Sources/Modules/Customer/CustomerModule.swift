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
            customer.create(), customer.get,
            customer.list(by: [.hashed(Customer.topic, "email", .email, "those with an address")]),
            customer.update(rule: Self.replace).refusing(.conflict), customer.delete(),
            customer.history,
            customer.difference, export,
            erase.refusing(.conflict),
        ]
    }

    public let projections = [Projection.hashed(Customer.topic, by: "email", version: "2")]

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

    private static func replace(_ old: Customer, _ new: Customer, _ unit: UnitOfWork) throws(Refusal) {
        if old.isErased {
            throw Refusal(.conflict, "the customer \(old.id) was erased and cannot be changed: create a new one")
        }
    }

    private var erase: CommandDefinition {
        .change(
            "customer.erase",
            "Makes a customer's name and address, and the mails to him, unreadable for good, wherever they are kept.",
            [Field("id", .line(1...200), "the customer's id")], returns: .any([("type", "object")]),
            http: [HTTPBinding(.post, "/customer/{id}/erase")]
        ) { parameters, unit throws(Refusal) in
            try await Erasure(of: CustomerID(parameters["id"]?.string ?? ""), in: unit).answer()
        }
    }
}
