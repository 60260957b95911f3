import Logging
import NIOCore
import ServiceLifecycle

/// One client: reads lines, runs their calls concurrently, answers as they finish.
struct Connection: Sendable {
    typealias AsyncChannel = NIOAsyncChannel<ByteBuffer, Never>

    let channel: AsyncChannel
    let dispatcher: Dispatcher
    let logger: Logger

    /// Returns when the client has gone, or at a graceful shutdown when the calls in flight are answered.
    func run() async {
        let channel = channel.channel
        do {
            try await self.channel.executeThenClose { inbound in
                await withTaskCancellationHandler {
                    await withGracefulShutdownHandler {
                        await serve(inbound)
                    } onGracefulShutdown: {
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

    /// The client shutting down its write side ends the reading only: its calls are still answered.
    private func serve(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async {
        let outbox = Outbox(channel.channel, slots: dispatcher.limits.inFlight, logger: logger)
        let peer = await channel.channel.peerCredentials()
        async let writing: Void = outbox.run()
        await withDiscardingTaskGroup { calls in
            do {
                try await read(inbound) { frame in
                    calls.addTask { outbox.post(await dispatcher.answer(frame, from: peer)) }
                } whenReady: {
                    await outbox.takeSlot()
                }
            } catch {
                logger.debug("a connection cannot be read any more", metadata: ["error": "\(error)"])
            }
        }
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
