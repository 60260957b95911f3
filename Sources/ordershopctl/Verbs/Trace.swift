import ArgumentParser
import JSON

struct Trace: Verb {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Show what caused what around an order, as a tree with times.",
        discussion: """
            It takes an order's number or id, any other entity as TOPIC:ID or by its id, the id of an event, of a \
            request (X-Request-ID) or of a trace. How long things took is known of requests that were traced; what \
            caused what is known of all.
            """)

    @Argument(help: "What to begin with.", completion: LiveValues.ids(of: "order")) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("trace.get", ["id": .string(id)]) }
    var presentation: Presentation { .trace }
}
