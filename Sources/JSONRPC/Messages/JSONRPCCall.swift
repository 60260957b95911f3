public import JSON

/// What ties an answer to its call.
public enum JSONRPCID: Sendable, Hashable {
    case string(String)
    case number(JSONNumber)
    case null

    /// - Returns: nil where the value is of a kind that cannot be an id.
    init?(_ value: JSONValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .number(let number): self = .number(number)
        case .null: self = .null
        case .bool, .array, .object: return nil
        }
    }

    var value: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .number(let number): .number(number)
        case .null: .null
        }
    }
}

/// One call, or a notification, as it came in.
public struct JSONRPCCall: Sendable {
    public let method: String
    /// An array, an object or nil, nothing else.
    public let params: JSONValue?
    /// nil: a notification, whose reply or error goes to nobody.
    public let id: JSONRPCID?
    /// nil where the kernel did not tell.
    public let peer: PeerCredentials?
    /// nil where the call came by no connection, as in tests.
    public let connection: JSONRPCConnection?

    public init(
        method: String, params: JSONValue?, id: JSONRPCID?, peer: PeerCredentials? = nil,
        connection: JSONRPCConnection? = nil
    ) {
        self.method = method
        self.params = params
        self.id = id
        self.peer = peer
        self.connection = connection
    }
}

/// The result of a call.
public enum JSONRPCReply: Sendable {
    case value(JSONValue)
    /// One value that is JSON text already, in UTF-8. It goes out as it is, but on one line.
    case text([UInt8])
    /// Chunks that together are one JSON text, for lists that should not stand in memory whole. The next chunk
    /// is asked for when the client has taken the ones before.
    case stream(any AsyncSequence<[UInt8], any Error> & Sendable)
    /// A value, and what goes on behind it. The feed starts once the answer is on its way, so that the client
    /// hears of it first. It is cancelled when the connection closes or the server ends.
    case watch(JSONValue, feed: JSONRPCFeed)
}

/// Does the calls.
public protocol JSONRPCHandler: Sendable {
    /// Calls run concurrently, those of one batch one after the other, in order.
    /// - Throws: the error that the caller is told.
    func handle(_ call: JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply
}
