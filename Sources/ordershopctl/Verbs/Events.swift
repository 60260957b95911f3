import ArgumentParser
import JSON

struct Events: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "event", abstract: "What happened in the shop.",
        subcommands: [
            ListEvents.self, TailEvents.self, EntityHistory.self, EntityAtTime.self, EntityDifference.self,
        ])

    @OptionGroup var connection: ConnectionOptions
}

/// Which events.
struct EventSelection: ParsableArguments {
    @Option(help: "Only of this topic, such as order.") var topic: String?
    @Option(help: "Only of this action, such as created.") var action: String?
    @Option(help: ArgumentHelp("Only of one entity.", valueName: "topic:id")) var entity: String?
    @Option(help: ArgumentHelp("Only what came of one command.", valueName: "id")) var correlation: String?

    var members: [(String, JSONValue)] {
        [("topic", topic), ("action", action), ("entity", entity), ("correlation", correlation)].compactMap {
            name, value in
            value.map { (name, .string($0)) }
        }
    }
}

struct ListEvents: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show events in order: the last ones, or those behind a place.",
        discussion: "A place is an event's id, a time such as 2026-01-31T12:00:00Z, unix seconds, or 'beginning'.")

    @OptionGroup var selection: EventSelection
    @Option(help: ArgumentHelp("Only those behind this place.", valueName: "place")) var after: String?
    @Option(help: ArgumentHelp("Only those up to this place.", valueName: "place")) var before: String?
    @Option(help: ArgumentHelp("At most so many, up to 1000.", valueName: "events")) var limit: Int64 = 20
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject(selection.members + [("limit", .number(JSONNumber(limit)))])
        params["after"] = after.map { .string($0) }
        params["before"] = before.map { .string($0) }
        // Whoever names no beginning wants to see what happened last.
        if after == nil { params["last"] = true }
        return Request("event.list", .object(params))
    }
    var presentation: Presentation { .events }
}

struct EntityHistory: Verb {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show what happened to one entity, the newest first.")

    @Argument(help: ArgumentHelp("The entity.", valueName: "topic:id")) var entity: String
    @Option(help: ArgumentHelp("Go on where the page before ended.", valueName: "cursor")) var cursor: String?
    @Option(help: ArgumentHelp("At most so many, up to 1000.", valueName: "events")) var limit: Int64 = 100
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject([("entity", .string(entity)), ("limit", .number(JSONNumber(limit)))])
        params["cursor"] = cursor.map { .string($0) }
        return Request("entity.history", .object(params))
    }
    var presentation: Presentation { .history }
}

struct EntityAtTime: Verb {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Show an entity as it is, or as it was at some time.")

    @Argument(help: ArgumentHelp("The entity.", valueName: "topic:id")) var entity: String
    @Option(help: ArgumentHelp("When: an event's id, a time, or unix seconds.", valueName: "place")) var at: String?
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject([("entity", .string(entity))])
        params["at"] = at.map { .string($0) }
        return Request("entity.state", .object(params))
    }
    var presentation: Presentation { .record(whenNull: "There is no such entity, or there was none: \(entity)") }
}

struct EntityDifference: Verb {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what of an entity is not as it was between two times.")

    @Argument(help: ArgumentHelp("The entity.", valueName: "topic:id")) var entity: String
    @Option(help: ArgumentHelp("The earlier time.", valueName: "place")) var from: String
    @Option(help: ArgumentHelp("The later time; now.", valueName: "place")) var to: String?
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject([("entity", .string(entity)), ("from", .string(from))])
        params["to"] = to.map { .string($0) }
        return Request("entity.diff", .object(params))
    }
    var presentation: Presentation { .sections }
}

/// Like `tail -f`: the last events, then each as it happens.
struct TailEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Show the last events, then each as it happens, until Ctrl-C.")

    @OptionGroup var selection: EventSelection
    @Option(help: ArgumentHelp("Begin with so many, up to 1000.", valueName: "events")) var last: Int64 = 10
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let json = connection.json
        var follower = EventFollower(connection: connection, selection: JSONObject(selection.members), last: last)
        var failure: String?
        while true {
            do throws(Failure) {
                try await follower.follow { (events) throws(Failure) in
                    for event in events { try Self.show(event, asJSON: json) }
                    failure = nil
                }
            } catch {
                // Whoever asked for a daemon that is not there is told at once; one that goes away may come back.
                if follower.place == nil || error.status == .usage { throw error }
                if failure != error.message { Output.complain(error.message + "\nTrying again.") }
                failure = error.message
            }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    private static func show(_ event: JSONValue, asJSON: Bool) throws(Failure) {
        try Output.write((asJSON ? event.text : EventLine(event).text(on: .standardOutput)) + "\n")
    }
}
