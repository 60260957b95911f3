import ArgumentParser
import JSON

/// One command: from its options to a call, from the result to text.
protocol Verb: AsyncParsableCommand {
    var connection: ConnectionOptions { get }
    var request: Request { get throws }
    var presentation: Presentation { get }
    var screen: Screen { get }
    /// Whether it goes over all that there is: then it is done as a job, which is watched.
    var isLong: Bool { get }
    /// Comes before the call.
    func prepare() throws(Failure)
    /// The result. Most verbs make one call for it.
    func answer() async throws -> JSONValue
}

/// How a result is shown to people.
enum Presentation {
    /// A list, with what to say where it is empty and the columns that would be too much.
    case table(whenEmpty: String, hiding: Set<String> = [])
    /// One object. Null is a refusal: what is missing.
    case record(whenNull: String)
    /// A result that says no more than "done", with the words for it.
    case done(String)
    /// The value by itself on a line.
    case plain
    case status
    /// An object: what is short first, then its lists as tables of their own.
    case sections
    /// A list, a value a line as JSON.
    case lines
    /// Events, one a line.
    case events
    /// What caused what.
    case trace
    /// A page of one entity's events.
    case history
    /// Settings with what they come from.
    case settings
    /// A module with its checkpoint.
    case module
    /// What a module would do.
    case preview
    case prettyJSON
}

extension Verb {
    var screen: Screen { .standardOutput }
    var isLong: Bool { false }
    func prepare() throws(Failure) {}

    func answer() async throws -> JSONValue {
        let request = try request
        return isLong ? try await LongWork(connection: connection).run(request) : try await connection.call(request)
    }

    mutating func run() async throws {
        try prepare()
        let result = try await answer()
        let text = connection.json ? result.text : presentation.text(of: result, on: screen)
        if !text.isEmpty { try Output.write(text + "\n") }
        switch presentation {
        case .record(let complaint) where result == .null: throw Failure(.refused, complaint)
        // Monitoring goes by the exit code; the verdict stands on the first line already.
        case .status where !StatusReport(result).isWell: throw Failure(.refused, "")
        default: break
        }
    }
}
