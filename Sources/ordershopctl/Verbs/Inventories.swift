import ArgumentParser
import JSON

struct Inventories: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "inventory", abstract: "What is in stock.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self, Increment.self, Decrement.self, Count.self, MovementList.self, LowStock.self,
            StockLevel.self,
            Reserve.self, Release.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "inventory"
        static let plural = "inventories"
        typealias Fields = InventoryFields
        typealias Filters = InventoryFilters
    }
}

struct InventoryFilters: EntityFields {
    @Option(help: ArgumentHelp("Only the one of a product.", valueName: "id")) var product: String?

    var members: [(String, JSONValue)] { product.map { [("product_id", .string($0))] } ?? [] }
}

struct InventoryFields: EntityFields {
    @Option(help: ArgumentHelp("The product that is in stock.", valueName: "id")) var product: String
    @Option(help: "Pieces that can be sold.") var amount: Int64
    @Option(help: "The stock is low when no more than these can be sold.") var lowAt: Int64?

    var members: [(String, JSONValue)] {
        [("product_id", .string(product)), ("amount", .number(JSONNumber(amount)))]
            + (lowAt.map { [("low_stock_at", .number(JSONNumber($0)))] } ?? [])
    }
}

/// An inventory and a number of pieces.
struct Change: ParsableArguments {
    @Argument(help: "The inventory's id.") var id: String
    @Option(help: "How many pieces.") var by: Int64 = 1
    @Option(help: "Why: delivery, return, loss or correction.") var cause: String?
    @Option(help: "What else there is to say about it.") var note: String?

    var params: JSONValue {
        var params = JSONObject([("id", .string(id)), ("amount", .number(JSONNumber(by)))])
        params["cause"] = cause.map { .string($0) }
        params["note"] = note.map { .string($0) }
        return .object(params)
    }
}

struct Increment: ChangingVerb {
    static let configuration = CommandConfiguration(abstract: "Add pieces.")

    @OptionGroup var change: Change
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("inventory.increment", change.params) }
    var presentation: Presentation { .done("The inventory \(change.id) has \(change.by) more.") }
}

struct Decrement: ChangingVerb {
    static let configuration = CommandConfiguration(abstract: "Take pieces away.")

    @OptionGroup var change: Change
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("inventory.decrement", change.params) }
    var presentation: Presentation { .done("The inventory \(change.id) has \(change.by) less.") }
}

/// An order and the pieces it is about.
struct Reservation: ParsableArguments {
    @Option(help: ArgumentHelp("The order that the pieces are for.", valueName: "id")) var order: String
    @Option(help: ArgumentHelp("A product; ID*3 for three pieces. May be repeated.", valueName: "id"))
    var product: [Pieces]

    var params: JSONValue { ["order_id": .string(order), "product_ids": product.ids] }
}

struct Reserve: ChangingVerb {
    static let configuration = CommandConfiguration(abstract: "Take the pieces of an order out of the stock.")

    @OptionGroup var reservation: Reservation
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("inventory.reserve", reservation.params) }
    var presentation: Presentation { .done("The pieces for the order \(reservation.order) are reserved.") }
}

struct Release: ChangingVerb {
    static let configuration = CommandConfiguration(abstract: "Give the pieces of an order back to the stock.")

    @OptionGroup var reservation: Reservation
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("inventory.release", reservation.params) }
    var presentation: Presentation { .done("The pieces for the order \(reservation.order) are released.") }
}
