import ArgumentParser
import JSON

struct Mail: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "The shop's outgoing mail.", subcommands: [ListMails.self, SendMail.self])

    @OptionGroup var connection: ConnectionOptions
}

struct ListMails: ListVerb {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the mails.")

    @OptionGroup var owner: CustomerFilter
    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("mail.list", .object(JSONObject(owner.members))) }
    var presentation: Presentation { .table(whenEmpty: "There are no mails.", hiding: ["body", "html"]) }
}

struct SendMail: ChangingVerb {
    static let configuration = CommandConfiguration(commandName: "send", abstract: "Send a mail.")

    @Option(help: ArgumentHelp("Who gets it.", valueName: "address")) var to: String
    @Option var subject: String
    @Option(help: ArgumentHelp("The text.", valueName: "text")) var body: String
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        Request("mail.send", ["to": .string(to), "subject": .string(subject), "body": .string(body)])
    }
    var presentation: Presentation { .done("The mail to \(to) is on its way.") }
}
