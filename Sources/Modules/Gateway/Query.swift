import HandlerRuntime
import HummingbirdCore
import JSON

/// The parameters behind the question mark, as a command's fields take them.
enum Query {
    /// Numbers and truth values are read as such where the field wants one; what is none stays text, and is refused.
    static func parameters(of request: Request, as fields: [Field]) -> [(String, JSONValue)] {
        request.uri.queryParameters.map { name, value in
            let field = fields.first { $0.name == name }
            return (String(name), read(String(value), as: field?.schema.description["type"]?.string))
        }
    }

    /// The field `Link` (RFC 8288) that names the next page of a list.
    static func link(to cursor: String, behind request: Request) -> String {
        let kept = (request.uri.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
        let query = (kept + ["cursor=\(cursor)"]).joined(separator: "&")
        return "<\(request.uri.path)?\(query)>; rel=\"next\""
    }

    private static func read(_ text: String, as type: String?) -> JSONValue {
        switch type {
        case "integer", "number": (try? JSONValue(parsing: text.utf8))?.number.map { .number($0) } ?? .string(text)
        case "boolean": ["true": true, "false": false][text] ?? .string(text)
        default: .string(text)
        }
    }
}
