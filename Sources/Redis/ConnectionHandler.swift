import NIOCore

/// The event loop's end of a `RedisConnection`: writes what has gathered, reads replies, watches the clock.
///
/// Not `Sendable`: everything here happens on the event loop of the channel.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: RedisConnection
    private let parser: ReplyParser
    private var context: ChannelHandlerContext?
    /// Comes back after a write, so that a busy connection does not allocate for each.
    private var spare = ByteBuffer()
    private var replies: [RedisValue] = []
    private var watch: (deadline: NIODeadline, task: Scheduled<Void>)?

    init(_ connection: RedisConnection) throws(RedisError) {
        self.connection = connection
        parser = try ReplyParser()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let this = NIOLoopBound(self, eventLoop: context.eventLoop)
        let link = RedisConnection.Link(channel: context.channel) { this.value.flush() }
        if !connection.attach(link) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        watch?.task.cancel()
        watch = nil
        // A channel that ended before this handler came tells it of no end, and no clock is watched any more.
        connection.fail(.connection(connection.address, ChannelError.eof))
    }

    // MARK: Writing

    /// While the socket is full, the commands wait in the connection, where they count as not sent.
    func flush() {
        guard let context, context.channel.isWritable else { return }
        guard var bytes = connection.takeOutgoing(fillingNext: spare) else { return }
        spare = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        if bytes.capacity <= Self.largestSpare {
            bytes.clear()
            spare = bytes
        }
        watchClock()
    }

    private static let largestSpare = 256 << 10

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        flush()
        context.fireChannelWritabilityChanged()
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(RedisError) {
            // Replies that came whole before a violation are good.
            defer { replies.removeAll(keepingCapacity: true) }
            let violation = parser.parse(unwrapInboundIn(data), into: &replies)
            try connection.deliver(replies)
            if let violation { throw violation }
        } catch {
            connection.fail(error)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        watchClock()
        context.fireChannelReadComplete()
    }

    // MARK: Ending

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.fail(.connection(connection.address, error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.fail(.connection(connection.address, ChannelError.eof))
        context.fireChannelInactive()
    }

    // MARK: The clock

    /// One check for the whole connection, and none while nothing waits. It is not called off when the line
    /// empties, because it would be set up anew for each command of a caller that makes one after another.
    private func watchClock() {
        guard let context, let deadline = connection.deadline else { return }
        if let watch, watch.deadline <= deadline { return }
        watch?.task.cancel()
        let this = NIOLoopBound(self, eventLoop: context.eventLoop)
        watch = (deadline, context.eventLoop.scheduleTask(deadline: deadline) { this.value.checkClock() })
    }

    private func checkClock() {
        watch = nil
        guard let deadline = connection.deadline else { return }
        guard deadline <= .now() else { return watchClock() }
        let text = "\(connection.address): no reply in time, so the connection was cut; is the server frozen?"
        connection.fail(RedisError(.notConnected, text))
    }
}
