import EventStore
import HandlerRuntime
import JSON
import Logging
import Mailing
import ShopContracts

/// Each reaction asks for a mail and records why. Both stand in the step that moves the checkpoint.
struct CRMReactions: Sendable {
    let templates: Templates
    let logger: Logger

    // MARK: Customers

    func customerCreated(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        say(templates.welcome(try event.entity()), to: try event.entity(), "welcome", event, unit)
    }

    func customerDeleted(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        say(templates.goodbye(try event.entity()), to: try event.entity(), "goodbye", event, unit)
    }

    // MARK: Orders

    func references(_ order: JSONObject) -> [EntityReference] {
        let customer = order["customer_id"]?.string.map { CustomerID($0).reference }
        if order["lines"] != nil { return [customer].compactMap(\.self) }
        let products = (order["product_ids"]?.array ?? []).compactMap { $0.string.map { ProductID($0).reference } }
        return [customer].compactMap(\.self) + products
    }

    func orderCreated(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        try await speak("order thanks", event, unit, templates.thanks)
    }

    func orderCancelled(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        try await speak("order cancelled", event, unit, templates.cancelled)
    }

    /// Who was told that his order is cancelled need not be told that its record is gone.
    func orderDeleted(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        if try event.entity(Order.self).status == .cancelled { return }
        try await speak("order cancelled", event, unit, templates.cancelled)
    }

    private func speak(
        _ kind: String, _ event: RecordedEvent, _ unit: UnitOfWork,
        _ template: (Customer, Order, [String]) -> Letter
    ) async throws {
        let order: Order = try event.entity()
        guard let customer = try await unit.look(at: order.customerID) else {
            return skip(kind, order.customerID, event)
        }
        let names = try await names(of: order, in: unit)
        say(template(customer, order, names), to: customer, kind, event, unit)
    }

    /// The products' names as they were when they were ordered; of orders of before, as they last were.
    private func names(of order: Order, in unit: UnitOfWork) async throws -> [String] {
        let known = Dictionary(order.lines.map { ($0.productID, $0.name) }) { first, _ in first }
        var names: [String] = []
        for id in order.productIDs {
            if let name = known[id] {
                names.append(name)
            } else {
                names.append(try await lastName(of: id, in: unit))
            }
        }
        return names
    }

    private func lastName(of product: ProductID, in unit: UnitOfWork) async throws -> String {
        try await unit.last(product)?.name ?? "a product that is gone"
    }

    // MARK: Parcels

    func order(_ shipping: JSONObject) -> [EntityReference] {
        (shipping["order_id"]?.string).map { [OrderID($0).reference] } ?? []
    }

    func parcelShipped(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        try await speak("order shipped", event, unit, templates.shipped)
    }

    func parcelDelivered(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        try await speak("order delivered", event, unit, templates.delivered)
    }

    private func speak(
        _ kind: String, _ event: RecordedEvent, _ unit: UnitOfWork,
        _ template: (Customer, Order, Shipping) -> Letter
    ) async throws {
        let shipping: Shipping = try event.entity()
        guard let order = try await unit.last(shipping.orderID) else { return }
        guard let customer = try await unit.look(at: order.customerID) else {
            return skip(kind, order.customerID, event)
        }
        say(template(customer, order, shipping), to: customer, kind, event, unit)
    }

    // MARK: Stock

    func inventoryCreated(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        try await tellBuyers("back in stock", event, unit, templates.backInStock)
    }

    func inventoryDeleted(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        try await tellBuyers("out of stock", event, unit, templates.gone)
    }

    private func tellBuyers(
        _ kind: String, _ event: RecordedEvent, _ unit: UnitOfWork, _ template: (Customer, Product) -> Letter
    ) async throws {
        let inventory: Inventory = try event.entity()
        guard let product = try await unit.last(inventory.productID) else { return }
        for buyer in try await buyers(of: inventory.productID, before: event.id, in: unit) {
            if let customer = try await unit.look(at: buyer) {
                say(template(customer, product), to: customer, kind, event, unit)
            } else {
                skip(kind, buyer, event)
            }
        }
    }

    /// Who had ordered the product by then, though more may have since.
    private func buyers(
        of product: ProductID, before event: EventID, in unit: UnitOfWork
    ) async throws -> [CustomerID] {
        let buyers = try await unit.ids(in: Self.buyersIndex, value: product.text, before: event)
            .map { CustomerID($0) }
        try await unit.glimpse(buyers.map(\.reference))
        return buyers
    }

    private static let buyersIndex = "product.buyers"

    /// Who has ordered a product: nobody is taken out of it, as who cancelled has ordered it before, too.
    static let buyersProjection = Projection(of: Order.topic, named: buyersIndex) { change in
        guard let order = change.after, let customer = order["customer_id"]?.string else { return [] }
        let old = Set((change.before?["product_ids"]?.array ?? []).compactMap(\.string))
        let new = Set((order["product_ids"]?.array ?? []).compactMap(\.string))
        return new.subtracting(old).sorted().map { .add(index: buyersIndex, value: $0, id: customer) }
    }

    // MARK: Saying it

    private func say(
        _ letter: Letter, to customer: Customer, _ kind: String, _ event: RecordedEvent, _ unit: UnitOfWork
    ) {
        if customer.isErased { return skip(kind, customer.id, event) }
        let mail = Mail(
            id: .random(), to: customer.email, subject: letter.subject, body: letter.text, html: letter.html,
            for: customer.id)
        unit.create(mail)
        unit.create(Interaction(customerID: customer.id, kind: kind, mailID: mail.id, cause: event.id))
    }

    private func skip(_ kind: String, _ customer: CustomerID, _ event: RecordedEvent) {
        logger.info(
            "no mail to a customer who is gone",
            metadata: ["kind": "\(kind)", "customer_id": "\(customer)", "event_id": "\(event.id)"])
    }
}
