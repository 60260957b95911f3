import ArgumentParser
import JSON

struct Modules: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "module", abstract: "The services of the shop, one module each.",
        subcommands: [
            ListModules.self, ShowModule.self, WatchModules.self, EnableModule.self, PreviewModule.self,
            DisableModule.self,
            RestartModule.self, ReplayModule.self, RebuildModule.self,
        ])

    @OptionGroup var connection: ConnectionOptions
}

struct ListModules: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the modules and their states.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.list", [:]) }
    var presentation: Presentation { .table(whenEmpty: "There are no modules.") }
}

struct ShowModule: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one module: its backlog, checkpoint, lease, replay.")

    @Argument(help: "The module's name.", completion: LiveValues.modules) var name: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.show", ["name": .string(name)]) }
    var presentation: Presentation { .module }
}

struct WatchModules: WatchVerb {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show the modules, then each whose state or counts change, until Ctrl-C.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.watch", [:]) }
    func line(_ module: JSONValue, on screen: Screen) -> String {
        let counts = ["lag", "rate", "parked", "handled", "error"].compactMap { key in
            module[key].map { "\(key)=\(Cell.text($0))" }
        }
        let state = screen.state(printable(module["state"]?.string ?? ""))
        return ([screen.heading(Cell.text(module["name"] ?? "")), state] + counts).joined(separator: "  ")
    }
}

// MARK: On and off

struct EnableModule: ConfirmedVerb {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Let a module go on where it stopped.",
        discussion: "Without options it catches up with all that has happened meanwhile. Look first with --preview."
    )

    @Argument(help: "The module's name.", completion: LiveValues.modules) var name: String
    @Flag(help: "Only tell what it would do with the events that wait.") var preview = false
    @Option(help: ArgumentHelp("'now': what has happened meanwhile has no effects any more.", valueName: "now"))
    var from: String?
    @Option(
        help: ArgumentHelp("What happened before has no effects (an event id or a time).", valueName: "time"))
    var skipEffectsBefore: String?
    @OptionGroup var confirmation: Confirmation
    @OptionGroup var connection: ConnectionOptions

    var warning: String? {
        if preview || (from ?? "checkpoint") == "checkpoint", skipEffectsBefore == nil { return nil }
        let past = skipEffectsBefore.map { "happened before \($0)" } ?? "has happened while it was off"
        return preview ? nil : "What \(past) will never have its effects in \(name), such as mails."
    }

    var request: Request {
        var params = JSONObject([("name", .string(name))])
        params["from"] = from.map { .string($0) }
        params["skip_effects_before"] = skipEffectsBefore.map { .string($0) }
        if preview { params["preview"] = true }
        return Request("module.enable", .object(params))
    }
    var presentation: Presentation {
        preview ? .preview : .done("The module \(name) is enabled.")
    }
}

struct PreviewModule: Verb {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Tell what a module would do with the events that wait.")

    @Argument(help: "The module's name.", completion: LiveValues.modules) var name: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.preview", ["name": .string(name)]) }
    var presentation: Presentation { .preview }
}

struct DisableModule: Verb {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Stop a module, for all daemons of the shop, until it is enabled again.")

    @Argument(help: "The module's name.", completion: LiveValues.modules) var name: String
    @Option(help: ArgumentHelp("How long to wait for what is in flight (default: 5).", valueName: "seconds"))
    var within: Int64?
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        var params = JSONObject([("name", .string(name))])
        params["within"] = within.map { .number(JSONNumber($0)) }
        return Request("module.disable", .object(params))
    }
    var presentation: Presentation { .done("The module \(name) is disabled.") }
}

struct RestartModule: Verb {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Stop a module behind what is in flight and start it again.")

    @Argument(help: "The module's name.", completion: LiveValues.modules) var name: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.restart", ["name": .string(name)]) }
    var presentation: Presentation { .done("The module \(name) is started again.") }
}

// MARK: Again

enum Effects: String, CaseIterable, ExpressibleByArgument {
    case all, none
}

struct ReplayModule: ConfirmedVerb {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send a module back to handle again what it has handled.",
        discussion: """
            With --effects all its reactions run again: every mail goes out once more. Without, they do not, and only what \
            the module keeps of its own is made anew. 'module show' tells how far it has come.
            """)

    @Argument(help: "The module's name.", completion: LiveValues.modules) var name: String
    @Option(
        help: ArgumentHelp(
            "Where to begin: 'beginning', an event id, or a time such as 2026-01-31T12:00:00Z.",
            valueName: "position"))
    var from: String
    @Option(help: "Whether its reactions run again.") var effects = Effects.none
    @Flag(help: "Wait until it is where it was, and show how far it has come.") var wait = false
    @OptionGroup var confirmation: Confirmation
    @OptionGroup var connection: ConnectionOptions

    var warning: String? {
        effects == .all ? "All that \(name) has done since \(from) will be done once more, mails included." : nil
    }

    var request: Request {
        Request(
            "module.replay",
            ["name": .string(name), "from": .string(from), "effects": .string(effects.rawValue)])
    }
    var presentation: Presentation { .record(whenNull: "") }

    func answer() async throws -> JSONValue {
        let result = try await connection.call(request)
        if wait { try await watch() }
        return result
    }

    /// Ctrl-C ends the watching only: the module goes on by itself.
    private func watch() async throws {
        var progress = Progress("replaying \(name)", of: 0)
        var total: Int64 = 0
        while true {
            let module = try await connection.call(Request("module.show", ["name": .string(name)]))
            guard module["replay"]?.object != nil else { return progress.end() }
            let waiting = module["lag"]?.number?.int64 ?? 0
            total = max(total, waiting)
            progress.show([
                "done": .number(JSONNumber(total - waiting)), "total": .number(JSONNumber(total)),
            ])
            try await Task.sleep(for: .milliseconds(300))
        }
    }
}

struct RebuildModule: Verb {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make a module's cache anew from its events.")

    @Argument(help: "The module's name.", completion: LiveValues.modules) var name: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.rebuild", ["name": .string(name)]) }
    var presentation: Presentation { .done("The module \(name) is rebuilt.") }
}
