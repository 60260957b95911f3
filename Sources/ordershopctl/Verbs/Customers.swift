import ArgumentParser
import JSON

struct Customers: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "customer", abstract: "Customers of the shop.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, UpdateEntity<Noun>.self,
            DeleteEntity<Noun>.self,
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
