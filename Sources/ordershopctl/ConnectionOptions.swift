import ArgumentParser
import Glibc
import JSON
import JSONRPC

/// Options of every command; they may stand anywhere in the line.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's control socket. (default: $ORDERSHOP_SOCKET, or /run/ordershop/control.sock)",
            valueName: "path"))
    var socket: String?

    @Flag(help: "Print the result as JSON, as the daemon gave it.")
    var json = false

    @Option(help: ArgumentHelp("How long to wait for the answer.", valueName: "seconds"))
    var timeout = Seconds(duration: .seconds(30))

    var path: String {
        if let socket { return socket }
        if let path = environment("ORDERSHOP_SOCKET"), !path.isEmpty { return path }
        return "/run/ordershop/control.sock"
    }

    /// Calls one method over a connection of its own.
    func call(_ request: Request) async throws(Failure) -> JSONValue {
        do {
            let client = try await JSONRPCClient.connect(path: path)
            return try await client.call(request.method, request.params, timeout: timeout.duration)
        } catch {
            throw Failure(error, socket: path)
        }
    }
}

/// A method and its parameters by name.
struct Request: Equatable, Sendable {
    let method: String
    let params: JSONValue?

    init(_ method: String, _ params: JSONValue? = nil) {
        self.method = method
        self.params = params
    }
}

/// A time-out as it is written on the command line: more than 0, at most a day.
struct Seconds: ExpressibleByArgument, CustomStringConvertible {
    let duration: Duration

    init(duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let seconds = Double(argument), seconds > 0, seconds <= 86_400 else { return nil }
        duration = .milliseconds(Int64((seconds * 1000).rounded(.up)))
    }

    var description: String { "\(duration.components.seconds)" }
}

func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
