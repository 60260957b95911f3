import ArgumentParser
import JSON

struct CRM: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "crm", abstract: "What was said to the customers.", subcommands: [Interactions.self])

    @OptionGroup var connection: ConnectionOptions
}

struct Interactions: ListVerb {
    static let configuration = CommandConfiguration(abstract: "Show what was said to a customer, and why.")

    @Argument(help: "The customer's id.") var customer: String
    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("crm.interactions", ["customer_id": .string(customer)]) }
    var presentation: Presentation { .table(whenEmpty: "Nothing was said to that customer yet.") }
}
