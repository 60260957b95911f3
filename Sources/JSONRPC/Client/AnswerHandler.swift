import JSON
import NIOCore

/// Cuts what comes in into lines and hands each answer to its call, each notification to who listens.
final class AnswerHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// Answers may be nested deeper than requests, as results stand in them whole.
    private static let maxDepth = 128

    private let calls: PendingCalls
    private let notifications: NotificationBuffer
    private var lines: LineSplitter
    private var clock: RepeatedTask?
    /// Too many notifications wait: nothing is read until they are taken.
    private var isPaused = false
    private var wantsRead = false

    init(_ calls: PendingCalls, _ notifications: NotificationBuffer, maxAnswerSize: Int) {
        self.calls = calls
        self.notifications = notifications
        lines = LineSplitter(limit: maxAnswerSize)
    }

    /// One clock for all calls: a timer for each would cost more than most calls do.
    func channelActive(context: ChannelHandlerContext) {
        clock = context.eventLoop.scheduleRepeatedTask(
            initialDelay: .milliseconds(50), delay: .milliseconds(50)
        ) { [calls] _ in calls.failOverdue(at: .now) }
        context.fireChannelActive()
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { wantsRead = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lines.push(unwrapInboundIn(data))
        while let frame = lines.next() {
            switch frame {
            case .line(let line): take(line, context)
            case .oversized: giveUp("The answer is longer than is taken here.", context)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        clock?.cancel()
        calls.failAll(JSONRPCTransportError.closed, end: true)
        notifications.end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func take(_ line: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let answer = try? JSONValue(parsing: line.readableBytesView, maxDepth: Self.maxDepth),
            answer["jsonrpc"] == "2.0"
        else { return giveUp("The answer is not JSON-RPC 2.0.", context) }
        if let method = answer["method"]?.string {
            return take(JSONRPCNotification(method: method, params: answer["params"]), context)
        }
        let error = answer["error"].flatMap(JSONRPCError.init)
        if let id = answer["id"]?.number?.int64 {
            switch (error, answer["result"]) {
            case (let error?, _): calls.fail(id, error)
            case (nil, let result?): calls.succeed(id, result)
            case (nil, nil): calls.fail(id, badAnswer("The answer has neither a result nor an error."))
            }
        } else if let error {
            // The server could not tell to which call its error belongs, so no call can count on an answer.
            calls.failAll(error, end: false)
        }
    }

    private func take(_ notification: JSONRPCNotification, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let hasRoom = notifications.put(notification) { [loop = context.eventLoop] in
            loop.execute {
                let (handler, context) = bound.value
                handler.resume(context)
            }
        }
        if !hasRoom { isPaused = true }
    }

    private func resume(_ context: ChannelHandlerContext) {
        isPaused = false
        guard wantsRead else { return }
        wantsRead = false
        context.read()
    }

    private func giveUp(_ message: String, _ context: ChannelHandlerContext) {
        calls.failAll(badAnswer(message), end: true)
        context.close(promise: nil)
    }

    private func badAnswer(_ message: String) -> JSONRPCTransportError { .init(.badAnswer, message) }
}
