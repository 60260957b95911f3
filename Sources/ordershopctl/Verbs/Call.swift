import ArgumentParser
import Glibc
import JSON

struct Call: Verb {
    static let configuration = CommandConfiguration(abstract: "Call any method of the daemon.")

    @Argument(completion: LiveValues.methods) var method: String
    @Argument(help: "A JSON object or array; - reads it from the standard input.") var params: String?
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        get throws {
            guard let params else { return Request(method) }
            let text =
                params == "-" ? try readAll(of: STDIN_FILENO, named: "The standard input") : Array(params.utf8)
            return Request(method, try parse(text))
        }
    }
    var presentation: Presentation { .prettyJSON }

    private func parse(_ text: [UInt8]) throws(Failure) -> JSONValue {
        let value: JSONValue
        do { value = try JSONValue(parsing: text) } catch {
            throw Failure(.usage, "The parameters are not JSON: \(error).")
        }
        guard value.object != nil || value.array != nil else {
            throw Failure(.usage, "The parameters are an object or an array, not \(value.kind).")
        }
        return value
    }
}

/// Reads to the end.
func readAll(of descriptor: CInt, named name: String) throws(Failure) -> [UInt8] {
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count == 0 { return text }
        if count > 0 {
            text += chunk.prefix(count)
        } else if errno != EINTR {
            throw Failure(.usage, "\(name) cannot be read: \(String(cString: strerror(errno))).")
        }
    }
}
