import JSON
import NIOCore

/// From a line to its answer: no I/O of its own.
struct Dispatcher: Sendable {
    let handler: any JSONRPCHandler
    let limits: JSONRPCLimits

    enum Outgoing: Sendable {
        case line([UInt8])
        case stream(any AsyncSequence<[UInt8], any Error> & Sendable, id: JSONRPCID)
    }

    /// - Returns: nil where nothing is to be answered.
    func answer(_ frame: LineSplitter.Frame, from peer: PeerCredentials?) async -> Outgoing? {
        switch frame {
        case .oversized:
            let error = JSONRPCError.invalidRequest("The message is longer than \(limits.messageSize) bytes.")
            return .line(Answer.error(error, id: .null))
        case .line(let line):
            return await answer(Incoming(line.readableBytesView, from: peer, limits: limits))
        }
    }

    private func answer(_ incoming: Incoming) async -> Outgoing? {
        switch incoming {
        case .refused(let error): return .line(Answer.error(error, id: .null))
        case .one(let request): return await answer(request)
        case .batch(let requests):
            var answers: [[UInt8]] = []
            for request in requests {
                if let outgoing = await answer(request) { answers.append(await collect(outgoing)) }
            }
            return answers.isEmpty ? nil : .line(Answer.batch(answers))
        }
    }

    private func answer(_ request: Incoming.Request) async -> Outgoing? {
        switch request {
        case .invalid(let error, let id): return .line(Answer.error(error, id: id))
        case .call(let call): return await answer(call)
        }
    }

    private func answer(_ call: JSONRPCCall) async -> Outgoing? {
        do throws(JSONRPCError) {
            let reply = try await handler.handle(call)
            guard let id = call.id else { return nil }
            switch reply {
            case .value(let value): return .line(Answer.result(value, id: id))
            case .text(let text): return .line(Answer.result(text: text, id: id))
            case .stream(let chunks): return .stream(chunks, id: id)
            }
        } catch {
            return call.id.map { .line(Answer.error(error, id: $0)) }
        }
    }

    private func collect(_ outgoing: Outgoing) async -> [UInt8] {
        switch outgoing {
        case .line(let bytes): return bytes
        case .stream(let chunks, let id):
            do { return Answer.result(text: try await collect(chunks), id: id) } catch {
                return Answer.error(JSONRPCError(streaming: error), id: id)
            }
        }
    }

    private func collect(_ chunks: some AsyncSequence<[UInt8], any Error>) async throws -> [UInt8] {
        var text: [UInt8] = []
        for try await chunk in chunks {
            text += chunk
            guard text.count <= limits.collectedResult else {
                throw JSONRPCError.invalidRequest("The result is too long for a batch. Call the method alone.")
            }
        }
        guard !text.isEmpty else { throw JSONRPCError.internalError("The result is missing.") }
        return text
    }
}

extension JSONRPCError {
    /// What a caller is told when the stream of a result ends with an error.
    init(streaming error: any Error) {
        self = error as? JSONRPCError ?? .internalError("The result could not be read to its end.")
    }
}
