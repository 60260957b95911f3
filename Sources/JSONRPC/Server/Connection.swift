import Logging
import NIOCore
import ServiceLifecycle

/// One client: reads lines, runs their calls concurrently, answers as they finish.
struct Connection: Sendable {
    typealias AsyncChannel = NIOAsyncChannel<ByteBuffer, Never>

    /// Somebody has connected.
    struct Accepted: Sendable {
        let channel: AsyncChannel
        let peer: PeerCredentials?

        /// On the channel's event loop only.
        init(_ channel: any Channel) throws {
            self.channel = try AsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2)))
            peer = PeerCredentials(of: channel)
        }
    }

    let accepted: Accepted
    let dispatcher: Dispatcher
    private let logger: Logger
    private let outbox: Outbox
    private let deadlines: Deadlines
    private let feeds: Feeds
    private let caller: Caller

    init(_ accepted: Accepted, _ dispatcher: Dispatcher, _ logger: Logger) {
        var logger = logger
        if let peer = accepted.peer {
            logger[metadataKey: "uid"] = "\(peer.uid)"
            logger[metadataKey: "pid"] = "\(peer.pid)"
        }
        self.accepted = accepted
        self.dispatcher = dispatcher
        self.logger = logger
        deadlines = Deadlines(dispatcher.limits)
        outbox = Outbox(
            accepted.channel.channel, slots: dispatcher.limits.inFlight, deadlines: deadlines, logger: logger)
        let connection = JSONRPCConnection(outbox)
        feeds = Feeds(connection, limit: dispatcher.limits.feeds, deadlines: deadlines)
        caller = Caller(peer: accepted.peer, connection: connection)
    }

    private var channel: any Channel { accepted.channel.channel }

    /// Returns when the client has gone, or at a graceful shutdown when the calls in flight are answered.
    func run() async {
        channel.closeFuture.whenComplete { [feeds] _ in feeds.cancel() }
        let period = TimeAmount(deadlines.period)
        let clock = channel.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in enforce() }
        defer { clock.cancel() }
        do {
            try await accepted.channel.executeThenClose { inbound in
                await withTaskCancellationHandler {
                    await withGracefulShutdownHandler {
                        await serve(inbound)
                    } onGracefulShutdown: {
                        stopReading()
                    }
                } onCancel: {
                    channel.close(promise: nil)
                }
            }
        } catch {
            logger.debug("a connection ended", metadata: ["error": "\(error)"])
        }
    }

    /// The client shutting down its write side ends the reading only: its calls are still answered, and its feeds
    /// go on.
    private func serve(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async {
        async let writing: Void = outbox.run()
        async let feeding: Void = feeds.run()
        await withDiscardingTaskGroup { calls in
            do {
                try await read(inbound) { frame in
                    deadlines.beginWork()
                    // A call that has nothing to wait for is done at once, without another thread.
                    calls.addImmediateTask { await answer(frame) }
                }
            } catch {
                logger.debug("a connection cannot be read any more", metadata: ["error": "\(error)"])
            }
        }
        feeds.finish()
        await feeding
        outbox.finish()
        await writing
    }

    private func read(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ start: (MessageSplitter.Frame) -> Void
    ) async throws {
        var messages = MessageSplitter(limit: dispatcher.limits.messageSize, maxDepth: dispatcher.limits.depth)
        for try await chunk in inbound {
            messages.push(chunk)
            while let frame = messages.next() {
                // The one that had begun is whole; the next one begins with this chunk at the earliest.
                deadlines.hasRead(isWithinMessage: false)
                guard await outbox.takeSlot() else { return }
                start(frame)
            }
            deadlines.hasRead(isWithinMessage: messages.isWithinMessage)
        }
        // One whose sender was told that it took too long is not told that it is no JSON, too.
        if !deadlines.areOver, let frame = messages.end(), await outbox.takeSlot() { start(frame) }
    }

    private func answer(_ frame: MessageSplitter.Frame) async {
        let answered = await dispatcher.answer(frame, from: caller, feeds)
        outbox.post(answered.outgoing)
        feeds.start(answered.feeds)
        deadlines.endWork()
    }

    private func stopReading() {
        feeds.cancel()
        channel.close(mode: .input, promise: nil)
    }
}

// MARK: Limits

extension Connection {
    private func enforce() {
        let limits = dispatcher.limits
        switch deadlines.overdue(at: .now) {
        case nil: break
        case .writing:
            logger.warning(
                "a client does not read what it is sent, the connection is cut off",
                metadata: ["after": "\(limits.writing)"])
            channel.close(promise: nil)
        case .receiving:
            logger.warning(
                "a client does not end a message that it began, the connection is closed",
                metadata: ["after": "\(limits.receiving)"])
            end(.timeout("The message was not whole after \(limits.receiving). Send it again in one go."))
        case .idle:
            logger.debug("a connection is idle and is closed")
            end(
                .timeout("Nothing was sent for \(limits.idle ?? .zero), so the connection is closed. Open another.")
            )
        }
    }

    private func end(_ error: JSONRPCError) {
        outbox.post(.line(Answer.error(error, id: .null)))
        stopReading()
    }

    /// Tells the client why and closes, without waiting longer than a second for it to listen.
    func refuse(_ error: JSONRPCError) async {
        let channel = channel
        let deadline = channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        defer { deadline.cancel() }
        do {
            try await accepted.channel.executeThenClose { inbound in
                let line = ByteBuffer(bytes: Answer.error(error, id: .null) + [UInt8(ascii: "\n")])
                try await channel.writeAndFlush(line)
                try await channel.close(mode: .output)
                // Closing with bytes unread would take the error away from the client.
                for try await _ in inbound {}
            }
        } catch {
            logger.debug("a connection ended", metadata: ["error": "\(error)"])
        }
    }
}
