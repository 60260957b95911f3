public import JSON

/// The error object of an answer. Codes from -32768 to -32000 belong to JSON-RPC, all others to the application.
public struct JSONRPCError: Error, Sendable, Hashable, CustomStringConvertible {
    public var code: Int
    /// One sentence for people.
    public var message: String
    /// What programs need to know beyond the code; left out of the answer when nil.
    public var data: JSONValue?

    public init(code: Int, message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    public var description: String { "\(message) (\(code))" }
}

extension JSONRPCError {
    /// -32700: the text is not JSON.
    public static func parseError(_ message: String) -> Self { Self(code: -32700, message: message) }

    /// -32600: the text is JSON, but no request.
    public static func invalidRequest(_ message: String) -> Self { Self(code: -32600, message: message) }

    /// -32601: nobody knows the method.
    public static func methodNotFound(_ method: String) -> Self {
        Self(code: -32601, message: "There is no method \(method).")
    }

    /// -32602: a parameter is missing, unknown or wrong.
    public static func invalidParams(_ message: String, data: JSONValue? = nil) -> Self {
        Self(code: -32602, message: message, data: data)
    }

    /// -32603: something broke that is not the caller's fault.
    public static func internalError(_ message: String) -> Self { Self(code: -32603, message: message) }

    /// -32000: the server cannot take more at the moment.
    static func busy(_ message: String) -> Self {
        Self(code: -32000, message: message, data: ["reason": "busy", "retry_after": 1])
    }

    /// -32000: the connection ends, as too long nothing came of it.
    static func timeout(_ message: String) -> Self {
        Self(code: -32000, message: message, data: ["reason": "timeout"])
    }

    static func tooManyFeeds(_ limit: Int) -> Self {
        busy("This connection watches \(limit) things already. End a watch, or open another connection.")
    }
}

extension JSONRPCError {
    /// The error object of an answer.
    /// - Returns: nil where the value has no integer `code` and no string `message`.
    init?(_ value: JSONValue) {
        guard let code = value["code"]?.number?.int64, let message = value["message"]?.string else { return nil }
        self.init(code: Int(code), message: message, data: value["data"])
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("code", Int64(code))
            writer.member("message", message)
            if let data {
                writer.key("data")
                writer.write(data)
            }
        }
    }
}
