import ArgumentParser
import JSON

/// A verb that changes the shop. It can be given a name, so that it may be repeated until an answer comes.
protocol ChangingVerb: Verb {
    var naming: Naming { get }
}

struct Naming: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A name of your own for this very command, such as a UUID: a repeat gets the first answer.",
            valueName: "key"))
    var idempotencyKey: String?

    func named(_ request: Request) -> Request {
        guard let idempotencyKey, var params = request.params?.object else { return request }
        params["idempotency_key"] = .string(idempotencyKey)
        return Request(request.method, .object(params))
    }
}

extension ChangingVerb {
    func answer() async throws -> JSONValue { try await connection.call(naming.named(try request)) }
}
