import ArgumentParser
import JSON

struct Customers: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "customer", abstract: "Customers of the shop.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self, ExportCustomer.self, EraseCustomer.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "customer"
        static let plural = "customers"
        typealias Fields = CustomerFields
        typealias Filters = CustomerFilters
    }
}

struct CustomerFilters: EntityFields {
    @Option(help: ArgumentHelp("Only those with an address.", valueName: "address")) var email: String?

    var members: [(String, JSONValue)] { email.map { [("email", .string($0))] } ?? [] }
}

struct CustomerFields: EntityFields {
    @Option var name: String
    @Option(help: "The address that mails go to.") var email: String

    var members: [(String, JSONValue)] { [("name", .string(name)), ("email", .string(email))] }
}

struct ExportCustomer: Verb {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Show all that is held on one customer, as JSON.")

    @Argument(help: "The customer's id.") var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("customer.export", ["id": .string(id)]) }
    var presentation: Presentation { .prettyJSON }
}

struct EraseCustomer: ConfirmedVerb, ChangingVerb {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Make a customer's name and address unreadable for good, wherever they are kept.")

    @Argument(help: "The customer's id.") var id: String
    @OptionGroup var confirmation: Confirmation
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var warning: String? { "Nobody will ever read again who the customer \(id) was." }
    var request: Request { Request("customer.erase", ["id": .string(id)]) }
    var presentation: Presentation { .record(whenNull: "") }
}
