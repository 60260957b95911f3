public import EventStore
public import HandlerRuntime
public import ShopContracts

/// What can be ordered, and at what price.
public struct ProductModule: HandlerModule {
    public let name = "product"
    public let summary = "The products and their prices"
    public let topics = [Product.definition]
    private let currency: Currency

    public init(currency: Currency) { self.currency = currency }

    public var commands: [CommandDefinition] {
        let product = EntityCommands<Product>("product", plural: "products", fields: Product.fields(currency))
        return [product.create(), product.get, product.list, product.update(), product.delete()]
    }
}
