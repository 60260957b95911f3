import ArgumentParser
import JSON

struct Modules: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "module", abstract: "The services of the shop, one module each.",
        subcommands: [ListModules.self, EnableModule.self, DisableModule.self, RebuildModule.self])

    @OptionGroup var connection: ConnectionOptions
}

struct ListModules: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the modules and their states.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.list", [:]) }
    var presentation: Presentation { .table(whenEmpty: "There are no modules.") }
}

struct EnableModule: Verb {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Let a module go on where it stopped.")

    @Argument var name: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.enable", ["name": .string(name)]) }
    var presentation: Presentation { .done("The module \(name) is enabled.") }
}

struct DisableModule: Verb {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Stop a module, for all daemons of the shop, until it is enabled again.")

    @Argument var name: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.disable", ["name": .string(name)]) }
    var presentation: Presentation { .done("The module \(name) is disabled.") }
}

struct RebuildModule: Verb {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make a module's cache anew from its events.")

    @Argument var name: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("module.rebuild", ["name": .string(name)]) }
    var presentation: Presentation { .done("The module \(name) is rebuilt.") }
}
