import ArgumentParser
import JSON

/// How much of a list is shown.
struct Listing: ParsableArguments {
    @Option(help: ArgumentHelp("Show so many on a terminal.", valueName: "rows")) var limit = 100
    @Flag(help: "Show all.") var all = false

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is a number from 1 on.") }
    }
}

/// A verb that answers with a list.
protocol ListVerb: Verb {
    var listing: Listing { get }
}

extension ListVerb {
    var screen: Screen {
        var screen = Screen.standardOutput
        // Programs that read a pipe want all there is.
        screen.rows = screen.isTerminal && !listing.all ? listing.limit : nil
        return screen
    }
}
