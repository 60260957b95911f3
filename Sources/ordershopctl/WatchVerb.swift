import ArgumentParser
import JSON
import JSONRPC

/// One command that goes on: how things are, then each change, until Ctrl-C.
protocol WatchVerb: AsyncParsableCommand {
    var connection: ConnectionOptions { get }
    var request: Request { get }
    /// Whether there is more to come than how things are.
    var isFollowing: Bool { get }
    /// One element of the answer, or one that came later, for people.
    func line(_ element: JSONValue, on screen: Screen) -> String
}

extension WatchVerb {
    var isFollowing: Bool { true }

    mutating func run() async throws {
        do {
            let client = try await JSONRPCClient.connect(path: connection.path)
            let now = try await client.call(request.method, request.params, timeout: connection.timeout.duration)
            for element in now.array ?? [] { try show(element) }
            guard isFollowing else { return }
            for await told in client.notifications {
                if told.method.hasSuffix(".missed") {
                    Output.complain("\(told.params?["count"]?.text ?? "Some") went by too fast to be shown.")
                } else if let element = told.params {
                    try show(element)
                }
            }
        } catch {
            throw Failure(error, socket: connection.path)
        }
        throw Failure(.unreachable, "The daemon has gone away.")
    }

    private func show(_ element: JSONValue) throws(Failure) {
        try Output.write((connection.json ? element.text : line(element, on: .standardOutput)) + "\n")
    }
}
