public import HandlerRuntime
import JSON

/// What was ordered of one product, as it was when the order was placed.
public struct OrderLine: Sendable, Hashable {
    public let productID: ProductID
    public let name: String
    /// Of one piece.
    public let price: Money
    public let pieces: Int64
    /// Of all its pieces.
    public let total: Money

    /// nil where the total does not fit.
    public init?(_ product: Product, price: Money, pieces: Int64) {
        guard let total = price.multiplied(by: pieces) else { return nil }
        productID = product.id
        name = product.name
        self.price = price
        self.pieces = pieces
        self.total = total
    }

    /// nil where the stored line is none.
    init?(stored value: JSONValue, in currency: Currency) {
        guard let product = value["product_id"]?.string, let name = value["name"]?.string,
            let price = value["price"]?.number.flatMap({ Money($0, currency) }),
            let pieces = value["pieces"]?.number?.int64, let total = price.multiplied(by: pieces)
        else { return nil }
        productID = ProductID(product)
        self.name = name
        self.price = price
        self.pieces = pieces
        self.total = total
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("product_id", productID.text)
            writer.member("name", name)
            writer.member("price", price.number)
            writer.member("pieces", pieces)
            writer.member("total", total.number)
        }
    }
}
