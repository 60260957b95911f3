import ArgumentParser
import JSON

struct Parked: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "parked", abstract: "Events that a module could not handle, and those that wait behind them.",
        subcommands: [ListParked.self, ShowParked.self, RetryParked.self, DiscardParked.self])

    @OptionGroup var connection: ConnectionOptions
}

struct ListParked: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the parked events of a module, in order.")

    @Argument(help: "The module's name.", completion: LiveValues.modules) var module: String
    @Option(help: ArgumentHelp("Only those of one entity.", valueName: "topic:id")) var entity: String?
    @Option(help: ArgumentHelp("Only those behind this one.", valueName: "event")) var after: String?
    @Option(help: "At most so many.") var limit: Int64 = 100
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject([("module", .string(module)), ("limit", .number(JSONNumber(limit)))])
        params["entity"] = entity.map { .string($0) }
        params["after"] = after.map { .string($0) }
        return Request("parked.list", .object(params))
    }
    var presentation: Presentation { .table(whenEmpty: "Nothing is parked for \(module).") }
}

struct ShowParked: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a parked event: why, how often, and what it says.")

    @Argument(help: "The module's name.", completion: LiveValues.modules) var module: String
    @Argument(help: "The event's id.") var event: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("parked.show", ["module": .string(module), "event": .string(event)]) }
    var presentation: Presentation { .record(whenNull: "") }
}

/// Which parked events are meant.
struct ParkedSelection: ParsableArguments {
    @Argument(help: "The module's name.", completion: LiveValues.modules) var module: String
    @Option(help: ArgumentHelp("One event.", valueName: "id")) var event: String?
    @Option(help: ArgumentHelp("All of one entity.", valueName: "topic:id")) var entity: String?
    @Flag(help: "All of the module.") var all = false

    func validate() throws {
        let count = [event != nil, entity != nil, all].count { $0 }
        if count != 1 { throw ValidationError("Say which: --event ID, --entity TOPIC:ID, or --all.") }
    }

    var params: JSONValue {
        var params = JSONObject([("module", .string(module))])
        params["event"] = event.map { .string($0) }
        params["entity"] = entity.map { .string($0) }
        if all { params["all"] = true }
        return .object(params)
    }
}

struct RetryParked: Verb {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Handle parked events again, in order.")

    @OptionGroup var selection: ParkedSelection
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("parked.retry", selection.params) }
    var presentation: Presentation { .record(whenNull: "") }
}

struct DiscardParked: ConfirmedVerb {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Forget parked events: they will not be handled.")

    @OptionGroup var selection: ParkedSelection
    @OptionGroup var confirmation: Confirmation
    @OptionGroup var connection: ConnectionOptions

    var warning: String? {
        let which = selection.event.map { "The event \($0)" } ?? selection.entity.map { "What is parked of \($0)" }
        return "\(which ?? "All that is parked") will never be handled by \(selection.module)."
    }

    var request: Request { Request("parked.discard", selection.params) }
    var presentation: Presentation { .record(whenNull: "") }
}
