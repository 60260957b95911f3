import ArgumentParser
import Glibc

/// For verbs after which there is no way back: they ask first.
struct Confirmation: ParsableArguments {
    @Flag(name: [.customShort("y"), .long], help: "Do not ask.") var yes = false

    /// Asks on the terminal.
    /// - Parameter warning: what will have happened, in one sentence.
    /// - Throws: where the answer is no, or nobody is there to be asked.
    func ask(_ warning: String) throws(Failure) {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw Failure(.usage, "\(warning) Nothing is done: say --yes if that is meant.")
        }
        Output.prompt("\(warning) Go on? [y/N] ")
        guard ["y", "yes"].contains(readLine()?.lowercased()) else { throw Failure(.refused, "Nothing is done.") }
    }
}

/// A verb that may be one of those.
protocol ConfirmedVerb: Verb {
    var confirmation: Confirmation { get }
    /// What there is to be asked about; nil where nothing is lost.
    var warning: String? { get }
}

extension ConfirmedVerb {
    func prepare() throws(Failure) {
        if let warning { try confirmation.ask(warning) }
    }
}
