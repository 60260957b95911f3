import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// What a customer means to order. It reserves nothing.
struct Cart: Entity {
    static let definition = TopicDefinition(
        "cart", actions: [.created, .updated, .deleted, .checkedOut, .expired])
    /// A customer has at most one open cart.
    static let byCustomer = UniqueIndex("cart", "customer_id")

    enum Status: String, Sendable {
        case open
        /// An order was made of it.
        case checkedOut = "checked_out"
        /// Nobody touched it for too long.
        case expired
    }

    struct Line: Sendable, Hashable {
        let productID: ProductID
        var pieces: Int64
    }

    let id: ID<Cart>
    let customerID: CustomerID
    var status = Status.open
    /// In the order in which the products were put into it, each once.
    var lines: [Line] = []
    /// When something was last put into it or taken out, in unix seconds.
    var updatedAt: JSONNumber
    var orderID: OrderID?

    init(id: ID<Cart>, customerID: CustomerID, at time: JSONNumber) {
        self.id = id
        self.customerID = customerID
        updatedAt = time
    }

    init(id: ID<Cart>, fields: Fields) throws(Fields.Mismatch) {
        self.init(id: id, customerID: try fields.id("customer_id"), at: try fields.number("updated_at"))
        guard let status = Status(rawValue: try fields.string("status")) else { throw Fields.Mismatch("status") }
        self.status = status
        for line in fields.object["lines"]?.array ?? [] {
            guard let product = line["product_id"]?.string, let pieces = line["pieces"]?.number?.int64 else {
                throw Fields.Mismatch("lines")
            }
            lines.append(Line(productID: ProductID(product), pieces: pieces))
        }
        orderID = fields.object["order_id"]?.string.map { OrderID($0) }
    }

    func write(to writer: inout JSONWriter) {
        writer.member("customer_id", customerID.text)
        writer.member("status", status.rawValue)
        writer.key("lines")
        writer.array { writer in
            for line in lines {
                writer.object { writer in
                    writer.member("product_id", line.productID.text)
                    writer.member("pieces", line.pieces)
                }
            }
        }
        writer.member("updated_at", updatedAt)
        if let orderID { writer.member("order_id", orderID.text) }
    }
}

extension Action {
    static let checkedOut: Action = "checked_out"
    static let expired: Action = "expired"
}
