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
    let logger: Logger

    /// Returns when the client has gone, or at a graceful shutdown when the calls in flight are answered.
    func run() async {
        let channel = channel.channel
        let outbox = Outbox(channel, slots: dispatcher.limits.inFlight, logger: logger)
        let connection = JSONRPCConnection(outbox)
        let feeds = Feeds(connection, limit: dispatcher.limits.feeds)
        channel.closeFuture.whenComplete { _ in feeds.cancel() }
        do {
            try await self.channel.executeThenClose { inbound in
                await withTaskCancellationHandler {
                    await withGracefulShutdownHandler {
                        await serve(inbound, Caller(peer: accepted.peer, connection: connection), outbox, feeds)
                    } onGracefulShutdown: {
                        feeds.cancel()
                        channel.close(mode: .input, promise: nil)
                    }
                } onCancel: {
                    channel.close(promise: nil)
                }
            }
        } catch {
            logger.debug("a connection ended", metadata: ["error": "\(error)"])
        }
    }

    private var channel: AsyncChannel { accepted.channel }

    /// The client shutting down its write side ends the reading only: its calls are still answered, and its feeds
    /// go on.
    private func serve(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ caller: Caller, _ outbox: Outbox, _ feeds: Feeds
    ) async {
        async let writing: Void = outbox.run()
        async let feeding: Void = feeds.run()
        await withDiscardingTaskGroup { calls in
            do {
                try await read(inbound) { frame in
                    calls.addTask {
                        let answered = await dispatcher.answer(frame, from: caller, feeds)
                        outbox.post(answered.outgoing)
                        feeds.start(answered.feeds)
                    }
                } whenReady: {
                    await outbox.takeSlot()
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
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ start: (LineSplitter.Frame) -> Void,
        whenReady isReady: () async -> Bool
    ) async throws {
        var lines = LineSplitter(limit: dispatcher.limits.messageSize)
        for try await chunk in inbound {
            lines.push(chunk)
            while let frame = lines.next() {
                guard await isReady() else { return }
                start(frame)
            }
        }
        if let frame = lines.end(), await isReady() { start(frame) }
    }
}

extension Connection {
    /// Tells the client why and closes, without waiting longer than a second for it to listen.
    func refuse(_ error: JSONRPCError) async {
        let channel = channel.channel
        let deadline = channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        defer { deadline.cancel() }
        do {
            try await self.channel.executeThenClose { inbound in
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
