import ArgumentParser
import JSON

struct Billings: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "billing", abstract: "Which orders are paid.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self, RefundBilling.self, Refunds.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "billing"
        static let plural = "billings"
        typealias Fields = BillingFields
        typealias Filters = OrderFilter
    }
}

struct BillingFields: EntityFields {
    @Option(help: ArgumentHelp("The order that is paid.", valueName: "id")) var order: String
    @Option(help: ArgumentHelp("When it was paid, as unix time; left out, the daemon's now.", valueName: "seconds"))
    var done: DecimalNumber?
    @Option(help: "What was paid: the order's total, or it is refused.") var amount: DecimalNumber?

    var members: [(String, JSONValue)] {
        [("order_id", .string(order))] + (done.map { [("done", .number($0.number))] } ?? [])
            + (amount.map { [("amount", .number($0.number))] } ?? [])
    }
}

struct RefundBilling: ChangingVerb {
    static let configuration = CommandConfiguration(
        commandName: "refund", abstract: "Give money of a billing back: all that is left, or a part.")

    @Argument(completion: LiveValues.ids(of: "billing")) var id: String
    @Option(help: "How much; left out, all that is left.") var amount: DecimalNumber?
    @Option(help: "Why, for the record.") var reason: String?
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        let amount = amount.map { [("amount", JSONValue.number($0.number))] } ?? []
        let reason = reason.map { [("reason", JSONValue.string($0))] } ?? []
        return Request("billing.refund", .object(JSONObject([("id", .string(id))] + amount + reason)))
    }
    var presentation: Presentation { .record(whenNull: "Nothing was refunded.") }
}

struct Refunds: ListVerb {
    static let configuration = CommandConfiguration(abstract: "Show what was given back of a billing.")

    @Argument(completion: LiveValues.ids(of: "billing")) var id: String
    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("billing.refunds", ["id": .string(id)]) }
    var presentation: Presentation { .table(whenEmpty: "Nothing of it was given back.") }
}
