import JSON
import NIOCore

/// From a message to its answer: no I/O of its own.
struct Dispatcher: Sendable {
    let handler: any JSONRPCHandler
    let limits: JSONRPCLimits

    /// What goes out for one frame.
    struct Answered: Sendable {
        /// nil where nothing is to be answered.
        var outgoing: Outgoing?
        /// Reserved, to be started behind the answer.
        var feeds: [JSONRPCFeed] = []
    }

    enum Outgoing: Sendable {
        case line([UInt8])
        case stream(any AsyncSequence<[UInt8], any Error> & Sendable, id: JSONRPCID)
    }

    func answer(_ frame: MessageSplitter.Frame, from caller: Caller, _ feeds: Feeds) async -> Answered {
        switch frame {
        case .oversized:
            let error = JSONRPCError.invalidRequest("The message is longer than \(limits.messageSize) bytes.")
            return Answered(outgoing: .line(Answer.error(error, id: .null)))
        case .message(let message):
            return await answer(Incoming(message.readableBytesView, from: caller, limits: limits), feeds)
        }
    }

    private func answer(_ incoming: Incoming, _ feeds: Feeds) async -> Answered {
        switch incoming {
        case .refused(let error): Answered(outgoing: .line(Answer.error(error, id: .null)))
        case .one(let request): await answer(request, feeds)
        case .batch(let requests): await answer(requests, feeds)
        }
    }

    private func answer(_ requests: [Incoming.Request], _ feeds: Feeds) async -> Answered {
        var answers: [[UInt8]] = []
        var all = Answered()
        for request in requests {
            let answered = await answer(request, feeds)
            if let outgoing = answered.outgoing { answers.append(await collect(outgoing)) }
            all.feeds += answered.feeds
        }
        if !answers.isEmpty { all.outgoing = .line(Answer.batch(answers)) }
        return all
    }

    private func answer(_ request: Incoming.Request, _ feeds: Feeds) async -> Answered {
        switch request {
        case .invalid(let error, let id): Answered(outgoing: .line(Answer.error(error, id: id)))
        case .call(let call): await answer(call, feeds)
        }
    }

    private func answer(_ call: JSONRPCCall, _ feeds: Feeds) async -> Answered {
        do throws(JSONRPCError) {
            let reply = try await handler.handle(call)
            var begun: [JSONRPCFeed] = []
            if case .watch(_, let feed) = reply {
                guard feeds.reserve() else { throw .tooManyFeeds(limits.feeds) }
                begun = [feed]
            }
            return Answered(outgoing: call.id.map { outgoing(reply, $0) }, feeds: begun)
        } catch {
            return Answered(outgoing: call.id.map { .line(Answer.error(error, id: $0)) })
        }
    }

    private func outgoing(_ reply: JSONRPCReply, _ id: JSONRPCID) -> Outgoing {
        switch reply {
        case .value(let value), .watch(let value, _): .line(Answer.result(value, id: id))
        case .text(let text): .line(Answer.result(text: text, id: id))
        case .stream(let chunks): .stream(chunks, id: id)
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
