import ArgumentParser
import JSON

struct Count: ChangingVerb {
    static let configuration = CommandConfiguration(abstract: "Say how many pieces were counted in the house.")

    @Argument(help: "The inventory's id.", completion: LiveValues.ids(of: "inventory")) var id: String
    @Option(help: "Pieces that were counted, reserved ones among them.") var onHand: Int64
    @Option(help: "What else there is to say about it.") var note: String?
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject([("id", .string(id)), ("on_hand", .number(JSONNumber(onHand)))])
        params["note"] = note.map { .string($0) }
        return Request("inventory.count", .object(params))
    }
    var presentation: Presentation { .done("The inventory \(id) has \(onHand) pieces on hand.") }
}

struct MovementList: Verb {
    static let configuration = CommandConfiguration(
        commandName: "movements", abstract: "Show why a stock is as it is, the newest first.")

    @Argument(help: "The inventory's id.", completion: LiveValues.ids(of: "inventory")) var id: String
    @Option(help: "At most so many.") var limit: Int = 50
    @Option(help: "Where to go on: next of the page before.") var cursor: String?
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject([("id", .string(id)), ("limit", .number(JSONNumber(Int64(limit))))])
        params["cursor"] = cursor.map { .string($0) }
        return Request("inventory.movements", .object(params))
    }
    var presentation: Presentation { .sections }
}

struct LowStock: ListVerb {
    static let configuration = CommandConfiguration(
        commandName: "low", abstract: "Show the inventories whose stock is low.")

    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("inventory.low", [:]) }
    var presentation: Presentation { .table(whenEmpty: "There is enough of everything.") }
}

struct StockLevel: ChangingVerb {
    static let configuration = CommandConfiguration(
        commandName: "level", abstract: "Say when the stock of an inventory is low.")

    @Argument(help: "The inventory's id.", completion: LiveValues.ids(of: "inventory")) var id: String
    @Option(help: "Low is when no more than these can be sold. Without it: never.") var at: Int64?
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        let level: JSONValue = at.map { .number(JSONNumber($0)) } ?? .null
        return Request("inventory.level", ["id": .string(id), "low_stock_at": level])
    }
    var presentation: Presentation { .done("The level of the inventory \(id) is set.") }
}
