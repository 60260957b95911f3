import ArgumentParser
import JSON

struct Orders: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "order", abstract: "Orders of the customers.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self, Unbilled.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "order"
        static let plural = "orders"
        typealias Fields = OrderFields
    }
}

struct OrderFields: EntityFields {
    @Option(help: ArgumentHelp("Who orders.", valueName: "id")) var customer: String
    @Option(help: ArgumentHelp("A product; ID*3 for three pieces. May be repeated.", valueName: "id"))
    var product: [Pieces]

    var members: [(String, JSONValue)] { [("product_ids", product.ids), ("customer_id", .string(customer))] }
}

struct Unbilled: ListVerb {
    static let configuration = CommandConfiguration(abstract: "Show the orders without a billing.")

    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("order.unbilled", [:]) }
    var presentation: Presentation { .table(whenEmpty: "All orders are billed.") }
}
