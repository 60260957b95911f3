import ArgumentParser
import JSON

struct Orders: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "order", abstract: "Orders of the customers.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self, CancelOrder.self, OrderOfNumber.self, Balance.self, Unbilled.self,
            Unshipped.self, Delivered.self, OrderReport.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "order"
        static let plural = "orders"
        typealias Fields = OrderFields
        typealias Filters = OrderFilters
        static let hidden: Set = [
            "lines", "product_ids", "currency", "billed_at", "shipped_at", "delivered_at", "cancelled_at",
        ]
    }
}

struct OrderFilters: EntityFields {
    @OptionGroup var owner: CustomerFilter
    @Option(help: ArgumentHelp("Only those in a state: placed, billed, shipped …", valueName: "state"))
    var status: String?
    @Option(help: "Only the one with a number.") var number: Int64?

    var members: [(String, JSONValue)] {
        owner.members + (status.map { [("status", .string($0))] } ?? [])
            + (number.map { [("number", .number(JSONNumber($0)))] } ?? [])
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
    var presentation: Presentation { .table(whenEmpty: "All orders are billed.", hiding: Orders.Noun.hidden) }
}

struct Unshipped: ListVerb {
    static let configuration = CommandConfiguration(abstract: "Show the orders that are billed and not shipped.")

    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("order.unshipped", [:]) }
    var presentation: Presentation { .table(whenEmpty: "Nothing waits to be shipped.", hiding: Orders.Noun.hidden) }
}

struct Delivered: ListVerb {
    static let configuration = CommandConfiguration(abstract: "Show the orders that are delivered.")

    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("order.delivered", [:]) }
    var presentation: Presentation { .table(whenEmpty: "No order is delivered yet.", hiding: Orders.Noun.hidden) }
}

struct OrderReport: Verb {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Print every order with its customer, products, billings and shippings, one a line, as JSON.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("order.report", [:]) }
    var presentation: Presentation { .lines }
}

struct CancelOrder: ChangingVerb {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel an order: its pieces go back, and what was paid is refunded.")

    @Argument(completion: LiveValues.ids(of: "order")) var id: String
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("order.cancel", ["id": .string(id)]) }
    var presentation: Presentation { .done("The order \(id) is cancelled.") }
}

struct OrderOfNumber: Verb {
    static let configuration = CommandConfiguration(
        commandName: "number", abstract: "Show the order of a number.")

    @Argument(help: "The order's number.") var number: Int64
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("order.by_number", ["number": .number(JSONNumber(number))]) }
    var presentation: Presentation { .record(whenNull: "There is no order of that number: \(number)") }
}

struct Balance: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Show what was paid for an order, and what of it was given back.")

    @Argument(completion: LiveValues.ids(of: "order")) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("order.balance", ["id": .string(id)]) }
    var presentation: Presentation { .record(whenNull: "There is no such order: \(id)") }
}
