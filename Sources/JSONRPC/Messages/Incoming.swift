import JSON

/// One line from a client, understood as far as it can be.
enum Incoming {
    case one(Request)
    case batch([Request])
    /// Not JSON, or a batch as a whole not acceptable; answered with the id null.
    case refused(JSONRPCError)

    enum Request {
        case call(JSONRPCCall)
        case invalid(JSONRPCError, id: JSONRPCID)
    }

    init(_ line: some Collection<UInt8>, from peer: PeerCredentials?, limits: JSONRPCLimits) {
        let value: JSONValue
        do { value = try JSONValue(parsing: line, maxDepth: limits.depth) } catch {
            self = .refused(.parseError("The message is not valid JSON: \(error)."))
            return
        }
        guard let elements = value.array else {
            self = .one(Request(value, from: peer))
            return
        }
        self = Self.batch(elements, from: peer, limit: limits.batch)
    }

    private static func batch(_ elements: [JSONValue], from peer: PeerCredentials?, limit: Int) -> Self {
        if elements.isEmpty { return .refused(.invalidRequest("The batch is empty.")) }
        if elements.count > limit {
            return .refused(.invalidRequest("The batch has \(elements.count) calls, at most \(limit) are taken."))
        }
        return .batch(elements.map { Request($0, from: peer) })
    }
}

extension Incoming.Request {
    init(_ value: JSONValue, from peer: PeerCredentials?) {
        do { self = .call(try Self.call(value, from: peer)) } catch {
            self = .invalid(error, id: value["id"].flatMap(JSONRPCID.init) ?? .null)
        }
    }

    private static func call(
        _ value: JSONValue, from peer: PeerCredentials?
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
        guard let id = object["id"] else { return JSONRPCCall(method: method, params: params, id: nil, peer: peer) }
        guard let id = JSONRPCID(id) else {
            throw .invalidRequest("The member \"id\" is a string, a number or null, not \(id.kind).")
        }
        return JSONRPCCall(method: method, params: params, id: id, peer: peer)
    }
}
