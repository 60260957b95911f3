import EventStore
import HandlerRuntime
import JSON
import NIOCore
import ShopContracts

/// All orders, each with its customer, products, billings and shippings, a page at a time.
///
/// A page takes the round trips of a list and one more, however many orders are on it.
struct OrderReport: Sendable {
    private static let pageSize = 100

    let store: Store

    static let definition = CommandDefinition.query(
        "order.report",
        "All orders, oldest first, each with its customer (null if gone), products, billings and shippings.",
        returns: .any([
            ("type", "array"),
            (
                "items",
                [
                    "type": "object",
                    "properties": [
                        "order": ["type": "object"], "customer": ["type": ["object", "null"]],
                        "products": ["type": "array"], "billings": ["type": "array"],
                        "shippings": ["type": "array"],
                    ],
                ]
            ),
        ]), http: [HTTPBinding(.get, "/report/orders")]
    ) { _, store throws(Refusal) in
        let report = OrderReport(store: store)
        return .stream(.array { (position: EventID?) in try await report.page(after: position ?? .zero) })
    }

    private func page(after position: EventID) async throws -> ([ByteBuffer], EventID?) {
        let page = try await store.list(Order.definition, after: position, count: Self.pageSize)
        let orders = page.entities.map { Row(order: $0) }
        let references = Array(Set(orders.flatMap(\.references)))
        let states = try await store.load(references)
        let found = Dictionary(uniqueKeysWithValues: zip(references, states)).compactMapValues(\.self)
        return (orders.map { $0.text(found) }, page.next)
    }
}

/// An order and what belongs to it.
private struct Row {
    let order: EntityState
    private let customer: EntityReference?
    private let products: [EntityReference]

    init(order: EntityState) {
        self.order = order
        let object = order.decoded()
        customer = object?["customer_id"]?.string.map { CustomerID($0).reference }
        var products: [EntityReference] = []
        for id in (object?["product_ids"]?.array ?? []).compactMap(\.string) {
            let reference = ProductID(id).reference
            if !products.contains(reference) { products.append(reference) }
        }
        self.products = products
    }

    private var billing: EntityReference { .unique(Billing.byOrder, order.id) }
    private var shipping: EntityReference { .unique(Shipping.byOrder, order.id) }

    var references: [EntityReference] { products + [customer, billing, shipping].compactMap(\.self) }

    /// Entities go out as they stand in their events. What is gone is left out: the order's lines tell of it.
    func text(_ found: [EntityReference: EntityState]) -> ByteBuffer {
        func present(_ references: [EntityReference]) -> [EntityState] {
            references.compactMap { found[$0] }.filter(\.exists)
        }
        var writer = JSONWriter(reserving: 1_024)
        writer.object { writer in
            writer.key("order")
            writer.raw(order.entity.readableBytesView)
            writer.key("customer")
            if let customer = present([customer].compactMap(\.self)).first {
                writer.raw(customer.entity.readableBytesView)
            } else {
                writer.write(.null)
            }
            for (name, list) in [("products", products), ("billings", [billing]), ("shippings", [shipping])] {
                writer.key(name)
                writer.array { writer in
                    for state in present(list) { writer.raw(state.entity.readableBytesView) }
                }
            }
        }
        return ByteBuffer(bytes: writer.bytes)
    }
}
