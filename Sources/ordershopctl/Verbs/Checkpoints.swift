import ArgumentParser
import JSON

struct Checkpoints: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "How far the modules have come.",
        subcommands: [ListCheckpoints.self, SetCheckpoint.self, ResetCheckpoint.self, ListLeases.self])

    @OptionGroup var connection: ConnectionOptions
}

struct ListCheckpoints: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show how far each module has handled each of its streams.")

    @Argument(help: "Only of this module.", completion: LiveValues.modules) var module: String?
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("checkpoint.list", module.map { ["module": .string($0)] } ?? [:]) }
    var presentation: Presentation { .table(whenEmpty: "The module handles no events.") }
}

struct ListLeases: Verb {
    static let configuration = CommandConfiguration(
        commandName: "leases", abstract: "Show which daemon handles which module's events.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("lease.list", [:]) }
    var presentation: Presentation { .table(whenEmpty: "There are no modules.") }
}

/// A verb that moves a checkpoint: it asks the daemon for a token first, which names what is there now.
protocol CheckpointMove: AsyncParsableCommand {
    var module: String { get }
    var confirmation: Confirmation { get }
    var connection: ConnectionOptions { get }
    var method: String { get }
    var members: [(String, JSONValue)] { get }
    /// What will be so, in one sentence.
    var warning: String { get }
}

extension CheckpointMove {
    mutating func run() async throws {
        let params = JSONObject([("module", .string(module))] + members)
        let answer = try await connection.call(Request(method, .object(params)))
        try confirmation.ask(warning)
        var confirmed = params
        confirmed["confirm"] = answer["confirm"]
        let result = try await connection.call(Request(method, .object(confirmed)))
        let sentence =
            "The checkpoint of \(module) stands at \(Cell.text(result["to"] ?? "")): enable it to go on there."
        try Output.write((connection.json ? result.text : sentence) + "\n")
    }
}

struct SetCheckpoint: CheckpointMove {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Put a disabled module elsewhere.",
        discussion: """
            What it passes over is never handled, what it goes back to is handled again, mails included. To go back \
            there is also 'module replay', which can leave the mails out.
            """)

    @Argument(help: "The module's name.", completion: LiveValues.modules) var module: String
    @Option(help: ArgumentHelp("Behind which event it goes on: an id, a time, 'beginning'.", valueName: "place"))
    var to: String
    @OptionGroup var confirmation: Confirmation
    @OptionGroup var connection: ConnectionOptions

    var method: String { "checkpoint.set" }
    var members: [(String, JSONValue)] { [("to", .string(to))] }
    var warning: String { "The module \(module) will go on behind \(to), whatever it has handled or not." }
}

struct ResetCheckpoint: CheckpointMove {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Put a disabled module back to the beginning.")

    @Argument(help: "The module's name.", completion: LiveValues.modules) var module: String
    @OptionGroup var confirmation: Confirmation
    @OptionGroup var connection: ConnectionOptions

    var method: String { "checkpoint.reset" }
    var members: [(String, JSONValue)] { [] }
    var warning: String { "The module \(module) will handle all events from the beginning again, mails included." }
}
