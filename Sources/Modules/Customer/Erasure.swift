import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// Takes a customer's key away, and says in the customer's own events that it is so.
struct Erasure {
    let customer: CustomerID
    let unit: UnitOfWork

    init(of customer: CustomerID, in unit: UnitOfWork) {
        self.customer = customer
        self.unit = unit
    }

    func answer() async throws(Refusal) -> JSONValue {
        guard unit.isSealing else { throw Self.notEncrypted }
        guard try await unit.last(customer) != nil else {
            throw Refusal(
                .notFound, "there is no customer \(customer.text.prefix(100)), and there never was",
                details: JSONObject([("entity", .string("customer:\(customer.text.prefix(200))"))]))
        }
        let plain = try await unit.plainEvents(of: customer) { event in
            (try? event.entity(Customer.self))?.isErased == false
        }
        // One who was deleted has no state that could say so; his old events fall silent all the same.
        let found = try await unit.find(customer)
        try unit.meet(customer)
        if let current = found, !current.isErased {
            unit.append(.erased, Customer(erased: customer))
        }
        unit.destroyKey(of: customer.text)
        return ["erased": true, "plain_events": .number(JSONNumber(Int64(plain)))]
    }

    private static let notEncrypted = Refusal(
        .conflict,
        "this shop does not encrypt what it knows of persons, so what stands in its events and archives cannot be made "
            + "unreadable: set privacy.encrypt: true in the daemon's settings and start it anew; what is written from then "
            + "on can be erased")
}
