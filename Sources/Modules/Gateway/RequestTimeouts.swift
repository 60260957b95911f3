public import NIOCore
public import NIOHTTPTypes

/// Closes connections of clients that take too long to say what they want.
///
/// An idle time-out alone does not see a client that sends a byte now and then.
public final class RequestTimeouts: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart

    public struct Limits: Sendable {
        /// From the opening of the connection to the end of the first request's headers.
        public var firstHeaders = TimeAmount.seconds(10)
        /// From the end of a request, or from the last part of its answer, to the end of the next one's headers.
        public var nextHeaders = TimeAmount.seconds(75)
        /// From the end of the headers to the end of the body.
        public var body = TimeAmount.seconds(30)

        public init() {}
    }

    private let limits: Limits
    private var deadline = NIODeadline.distantFuture
    private var check: Scheduled<Void>?

    init(_ limits: Limits) { self.limits = limits }

    public func channelActive(context: ChannelHandlerContext) {
        deadline = .now() + limits.firstHeaders
        watch(context)
        context.fireChannelActive()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: deadline = .now() + limits.body
        case .body: break
        case .end: deadline = .now() + limits.nextHeaders
        }
        context.fireChannelRead(data)
    }

    /// An answer may take as long as it goes on. Where the client does not read it, nothing comes by here.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        deadline = max(deadline, .now() + limits.nextHeaders)
        context.write(data, promise: promise)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        context.fireChannelInactive()
    }

    /// One timer for a connection's whole life: a request only moves the deadline.
    private func watch(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let next = min(deadline, .now() + limits.nextHeaders)
        check = context.eventLoop.scheduleTask(deadline: max(next, .now() + .seconds(1))) {
            let (handler, context) = bound.value
            if handler.deadline <= .now() { context.close(promise: nil) } else { handler.watch(context) }
        }
    }
}
