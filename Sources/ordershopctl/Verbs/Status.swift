import ArgumentParser
import JSON

struct Status: Verb {
    static let configuration = CommandConfiguration(abstract: "Show how the daemon is, the verdict first.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("daemon.status", [:]) }
    var presentation: Presentation { .status }
}
