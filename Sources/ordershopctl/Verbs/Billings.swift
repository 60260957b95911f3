import ArgumentParser
import JSON

struct Billings: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "billing", abstract: "Which orders are paid.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "billing"
        static let plural = "billings"
        typealias Fields = BillingFields
    }
}

struct BillingFields: EntityFields {
    @Option(help: ArgumentHelp("The order that is paid.", valueName: "id")) var order: String
    @Option(help: ArgumentHelp("When it was paid, as unix time; left out, the daemon's now.", valueName: "seconds"))
    var done: DecimalNumber?

    var members: [(String, JSONValue)] {
        [("order_id", .string(order))] + (done.map { [("done", .number($0.number))] } ?? [])
    }
}
