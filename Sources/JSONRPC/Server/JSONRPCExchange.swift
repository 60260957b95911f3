import JSON

/// A call and its answer without a connection, as over HTTP: what goes on behind an answer cannot be had.
public struct JSONRPCExchange: Sendable {
    private let limits: JSONRPCLimits

    public init(limits: JSONRPCLimits = JSONRPCLimits()) { self.limits = limits }

    /// - Parameters:
    ///   - message: the bytes of one request.
    ///   - handle: does the call.
    /// - Returns: the text of the response, empty for a notification, and the error that it tells of, if it does.
    public func answer(
        _ message: [UInt8], _ handle: (JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply
    ) async -> (text: [UInt8], error: JSONRPCError?) {
        switch Incoming(message, from: Caller(peer: nil, connection: nil), limits: limits) {
        case .refused(let error), .one(.invalid(let error, .null)): return (Answer.error(error, id: .null), error)
        case .one(.invalid(let error, let id)): return (Answer.error(error, id: id), error)
        case .batch:
            let error = JSONRPCError.invalidRequest("A batch is not taken here: send one call in each request.")
            return (Answer.error(error, id: .null), error)
        case .one(.call(let call)): return await answer(call, handle)
        }
    }

    private func answer(
        _ call: JSONRPCCall, _ handle: (JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply
    ) async -> (text: [UInt8], error: JSONRPCError?) {
        do throws(JSONRPCError) {
            let result = try await text(of: try await handle(call))
            return (call.id.map { Answer.result(text: result, id: $0) } ?? [], nil)
        } catch {
            return (call.id.map { Answer.error(error, id: $0) } ?? [], error)
        }
    }

    private func text(of reply: JSONRPCReply) async throws(JSONRPCError) -> [UInt8] {
        switch reply {
        case .value(let value): return value.bytes
        case .text(let text): return text
        case .watch:
            throw .invalidRequest(
                "What goes on behind its answer needs the control socket; GET /events tells of events.")
        case .stream(let chunks):
            do { return try await collect(chunks) } catch { throw JSONRPCError(streaming: error) }
        }
    }

    private func collect(_ chunks: some AsyncSequence<[UInt8], any Error>) async throws -> [UInt8] {
        var text: [UInt8] = []
        for try await chunk in chunks {
            text += chunk
            guard text.count <= limits.collectedResult else {
                throw JSONRPCError.invalidRequest("The result is too long. Ask for less of it, by limit.")
            }
        }
        return text
    }
}
