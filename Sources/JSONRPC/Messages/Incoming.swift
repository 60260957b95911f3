import JSON

/// Who sends the requests of a connection.
struct Caller: Sendable {
    let peer: PeerCredentials?
    let connection: JSONRPCConnection?
}

/// One message from a client, understood as far as it can be.
enum Incoming {
    case one(Request)
    case batch([Request])
    /// Not JSON, or a batch as a whole not acceptable; answered with the id null.
    case refused(JSONRPCError)

    enum Request {
        case call(JSONRPCCall)
        case invalid(JSONRPCError, id: JSONRPCID)
    }

    init(_ line: some Collection<UInt8>, from caller: Caller, limits: JSONRPCLimits) {
        let value: JSONValue
        do { value = try JSONValue(parsing: line, maxDepth: limits.depth, strict: true) } catch {
            self = .refused(.parseError("The message is not valid JSON: \(error)."))
            return
        }
        guard let elements = value.array else {
            self = .one(Request(value, from: caller))
            return
        }
        self = Self.batch(elements, from: caller, limit: limits.batch)
    }

    private static func batch(_ elements: [JSONValue], from caller: Caller, limit: Int) -> Self {
        if elements.isEmpty { return .refused(.invalidRequest("The batch is empty.")) }
        if elements.count > limit {
            return .refused(.invalidRequest("The batch has \(elements.count) calls, at most \(limit) are taken."))
        }
        return .batch(elements.map { Request($0, from: caller) })
    }
}

extension Incoming.Request {
    init(_ value: JSONValue, from caller: Caller) {
        do { self = .call(try Self.call(value, from: caller)) } catch {
            self = .invalid(error, id: value["id"].flatMap(JSONRPCID.init) ?? .null)
        }
    }

    private static func call(
        _ value: JSONValue, from caller: Caller
    ) throws(JSONRPCError) -> JSONRPCCall {
        guard let object = value.object else {
            throw .invalidRequest("A request is an object, but this is \(value.kind).")
        }
        guard object["jsonrpc"] == "2.0" else {
            throw .invalidRequest("A request has the member \"jsonrpc\": \"2.0\".")
        }
        guard let method = object["method"]?.string else {
            throw .invalidRequest("A request has a member \"method\", which is a string.")
        }
        let params = object["params"]
        if let params, params.array == nil, params.object == nil {
            throw .invalidRequest("The member \"params\" is an object or an array, not \(params.kind).")
        }
        let id = try object["id"].map { id throws(JSONRPCError) in try Self.id(id) }
        return JSONRPCCall(
            method: method, params: params, id: id, peer: caller.peer, connection: caller.connection)
    }

    private static func id(_ value: JSONValue) throws(JSONRPCError) -> JSONRPCID {
        guard let id = JSONRPCID(value) else {
            throw .invalidRequest("The member \"id\" is a string, a number or null, not \(value.kind).")
        }
        return id
    }
}
