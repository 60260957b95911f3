import ArgumentParser
import JSON

/// A kind of thing that the shop keeps, for the verbs that all of them have.
protocol EntityNoun: Sendable {
    associatedtype Fields: EntityFields
    /// The first word of its methods.
    static var name: String { get }
    /// As in "there are no customers".
    static var plural: String { get }
}

/// The options that make up an entity without its id.
protocol EntityFields: ParsableArguments, Sendable {
    var members: [(String, JSONValue)] { get }
}

struct ListEntities<Noun: EntityNoun>: ListVerb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "Show all \(Noun.plural).")
    }

    @OptionGroup var listing: Listing
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("\(Noun.name).list", [:]) }
    var presentation: Presentation { .table(whenEmpty: "There are no \(Noun.plural).") }
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

struct CreateEntity<Noun: EntityNoun>: Verb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "create", abstract: "Add one \(Noun.name) and print its id.")
    }

    @OptionGroup var fields: Noun.Fields
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("\(Noun.name).create", .object(JSONObject(fields.members))) }
    var presentation: Presentation { .plain }
}

struct UpdateEntity<Noun: EntityNoun>: Verb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "update", abstract: "Replace one \(Noun.name) by what is given.")
    }

    @Argument(completion: LiveValues.ids(of: Noun.name)) var id: String
    @OptionGroup var fields: Noun.Fields
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        Request("\(Noun.name).update", .object(JSONObject([("id", .string(id))] + fields.members)))
    }
    var presentation: Presentation { .done("The \(Noun.name) \(id) is updated.") }
}

struct DeleteEntity<Noun: EntityNoun>: Verb {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "delete", abstract: "Delete one \(Noun.name).")
    }

    @Argument(completion: LiveValues.ids(of: Noun.name)) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("\(Noun.name).delete", ["id": .string(id)]) }
    var presentation: Presentation { .done("The \(Noun.name) \(id) is deleted.") }
}
