public import EventStore
public import HandlerRuntime
public import JSON

public typealias ProductID = ID<Product>

/// Something that is sold.
public struct Product: Entity {
    public static let definition = TopicDefinition("product")
    public static let byName = Ranking.byText("product", "name")
    public static let byPrice = Ranking.byNumber("product", "price")

    public static func fields(_ currency: Currency) -> [Field] {
        [
            Field("name", .line(1...200), "the product's name"),
            Field("price", .price(currency), "what a piece costs, in \(currency.code)"),
        ]
    }

    public let id: ProductID
    public let name: String
    /// In the shop's currency. `Money` makes an amount of it.
    public let price: JSONNumber

    public init(id: ProductID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        name = try fields.string("name")
        price = try fields.number("price")
    }

    public func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("price", price)
    }
}
