public import EventStore
public import HandlerRuntime
import JSON
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
        return [
            product.create(complete: canonical), product.get,
            product.list(sortedBy: [("name", Product.byName), ("price", Product.byPrice)]),
            product.update(complete: canonical),
            product.delete(), product.history, product.difference,
        ]
    }

    public var projections: [Projection] {
        [
            .ranking(Product.byName, version: "2", byText: { $0["name"]?.string }),
            // Prices of another number of digits are others.
            .ranking(Product.byPrice, version: "2.\(currency.fractionDigits)") { [currency] product in
                product["price"]?.number.flatMap { Money($0, currency)?.minorUnits }
            },
        ]
    }

    /// One price is written in one way, whatever way it was given in: `1.250e1` and `12.50` as `12.5`.
    private func canonical(_ parameters: JSONObject) -> JSONObject {
        var parameters = parameters
        if let price = parameters["price"]?.number.flatMap({ Money($0, currency) }) {
            parameters["price"] = .number(price.number)
        }
        return parameters
    }
}
