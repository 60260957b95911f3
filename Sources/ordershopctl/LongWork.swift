import ArgumentParser
import Dispatch
import Glibc
import JSON

/// Work that may take long: it goes on in the daemon as a job, and is watched from here.
struct LongWork {
    let connection: ConnectionOptions

    /// Shows how far it has come, on stderr. After Ctrl-C it goes on without being watched.
    func run(_ request: Request) async throws(Failure) -> JSONValue {
        var params = request.params?.object ?? JSONObject()
        params["job"] = true
        let answer = try await connection.call(Request(request.method, .object(params)))
        guard let job = answer["job"] else { return answer }
        return try await watch(job, called: request.method)
    }

    /// Shows how far a job has come, until it ends.
    /// - Returns: its result.
    func watch(_ job: JSONValue, called name: String) async throws(Failure) -> JSONValue {
        let interrupt = Interrupt()
        defer { interrupt.end() }
        var progress = Progress(name, of: 0)
        defer { progress.end() }
        while true {
            let now = try await connection.call(Request("job.show", ["job": job]))
            switch now["state"]?.string {
            case "running": progress.show(now["progress"])
            case "done": return now["result"] ?? .null
            case "cancelled": throw Failure(.refused, "The job \(job.text) was ended; what it has done stays done.")
            default: throw Failure(.refused, now["error"]?.string ?? "The job \(job.text) has failed.")
            }
            if interrupt.hasCome {
                progress.end()
                throw Failure(
                    .refused,
                    """
                    It goes on as job \(job.text). Look at it: ordershopctl job watch \(job.text)
                    End it: ordershopctl job cancel \(job.text)
                    """)
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// Whether Ctrl-C was pressed: from its making on that does not end the program by itself.
private final class Interrupt {
    private let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    private let flag = Raised()

    init() {
        signal(SIGINT, SIG_IGN)
        source.setEventHandler { [flag] in flag.raise() }
        source.resume()
    }

    var hasCome: Bool { flag.isRaised }

    func end() {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
}
