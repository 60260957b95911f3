import ArgumentParser
import JSON

struct Products: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "product", abstract: "What the shop sells.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "product"
        static let plural = "products"
        typealias Fields = ProductFields
    }
}

struct ProductFields: EntityFields {
    @Option var name: String
    @Option(help: "In the shop's currency, like 12.50.") var price: DecimalNumber

    var members: [(String, JSONValue)] { [("name", .string(name)), ("price", .number(price.number))] }
}
