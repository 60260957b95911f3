import ArgumentParser
import JSON

/// A kind of thing that the shop keeps, for the verbs that all of them have.
protocol EntityNoun: Sendable {
    associatedtype Fields: EntityFields
    /// The first word of its methods.
    static var name: String { get }
    /// As in "there are no customers".
    static var plural: String { get }
    /// What a list of them can be asked for by.
    associatedtype Filters: EntityFields = NoFilters
    /// What a list of them does not show, as it would be too much: --json has it.
    static var hidden: Set<String> { get }
}

extension EntityNoun {
    static var hidden: Set<String> { [] }
}

struct NoFilters: EntityFields {
    var members: [(String, JSONValue)] { [] }
}

/// Of a customer.
struct CustomerFilter: EntityFields {
    @Option(help: ArgumentHelp("Only those of a customer.", valueName: "id")) var customer: String?

    var members: [(String, JSONValue)] { customer.map { [("customer_id", .string($0))] } ?? [] }
}

/// Of an order.
struct OrderFilter: EntityFields {
    @Option(help: ArgumentHelp("Only the one of an order.", valueName: "id")) var order: String?

    var members: [(String, JSONValue)] { order.map { [("order_id", .string($0))] } ?? [] }
}

/// The options that make up an entity without its id.
protocol EntityFields: ParsableArguments, Sendable {
    var members: [(String, JSONValue)] { get }
}

struct ListEntities<Noun: EntityNoun>: ListVerb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "Show the \(Noun.plural), all or some of them.")
    }

    @OptionGroup var filters: Noun.Filters
    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("\(Noun.name).list", .object(JSONObject(filters.members))) }
    var presentation: Presentation {
        let what = filters.members.isEmpty ? Noun.plural : "such \(Noun.plural)"
        return .table(whenEmpty: "There are no \(what).", hiding: Noun.hidden)
    }
}

struct GetEntity<Noun: EntityNoun>: Verb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "get", abstract: "Show one \(Noun.name).")
    }

    @Argument(completion: LiveValues.ids(of: Noun.name)) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("\(Noun.name).get", ["id": .string(id)]) }
    var presentation: Presentation { .record(whenNull: "There is no such \(Noun.name): \(id)") }
}

struct CreateEntity<Noun: EntityNoun>: ChangingVerb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "create", abstract: "Add one \(Noun.name) and print its id.")
    }

    @OptionGroup var fields: Noun.Fields
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("\(Noun.name).create", .object(JSONObject(fields.members))) }
    var presentation: Presentation { .plain }
}

struct UpdateEntity<Noun: EntityNoun>: ChangingVerb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "update", abstract: "Replace one \(Noun.name) by what is given.")
    }

    @Argument(completion: LiveValues.ids(of: Noun.name)) var id: String
    @OptionGroup var fields: Noun.Fields
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        Request("\(Noun.name).update", .object(JSONObject([("id", .string(id))] + fields.members)))
    }
    var presentation: Presentation { .done("The \(Noun.name) \(id) is updated.") }
}

struct DeleteEntity<Noun: EntityNoun>: ChangingVerb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "delete", abstract: "Delete one \(Noun.name).")
    }

    @Argument(completion: LiveValues.ids(of: Noun.name)) var id: String
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("\(Noun.name).delete", ["id": .string(id)]) }
    var presentation: Presentation { .done("The \(Noun.name) \(id) is deleted.") }
}
