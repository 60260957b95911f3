import ArgumentParser
import JSON

struct Customers: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "customer", abstract: "Customers of the shop.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self, ExportCustomer.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "customer"
        static let plural = "customers"
        typealias Fields = CustomerFields
    }
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
