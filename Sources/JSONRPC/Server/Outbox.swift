import Logging
import NIOCore
import Synchronization

/// The write side of one connection: each answer goes out as one whole line, in the order in which they finish.
///
/// Every line that came in holds a slot until its answer is in the kernel. So a client that does not read its
/// answers is not read from either, and what stands in memory for it is bounded.
final class Outbox: Sendable {
    private let channel: any Channel
    private let deadlines: Deadlines
    private let logger: Logger
    private let posted = Mutex(Posted())
    private let bell = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let slots: Slots

    private struct Posted {
        var entries: [Entry] = []
        /// Notifications that the kernel does not have yet.
        var notifications = 0
        var isFinished = false
    }

    /// Notifications that may wait for the kernel with nobody waiting for them.
    private static let freeNotifications = 64

    private enum Entry {
        case answer(Dispatcher.Outgoing)
        /// With a sender who waits to hear whether the kernel has it.
        case notification([UInt8], sender: CheckedContinuation<Bool, Never>?)
    }

    init(_ channel: any Channel, slots count: Int, deadlines: Deadlines, logger: Logger) {
        self.channel = channel
        self.deadlines = deadlines
        self.logger = logger
        slots = Slots(count)
        channel.closeFuture.whenComplete { [slots] _ in slots.removeLimit() }
    }

    /// Waits until one more line may be worked on. For one caller at a time.
    /// - Returns: false when cancelled.
    func takeSlot() async -> Bool { await slots.take() }

    /// Hands over an answer, or the news that there is none, for a slot taken.
    func post(_ answer: Dispatcher.Outgoing?) {
        guard let answer else { return slots.free() }
        _ = add(.answer(answer))
    }

    /// Waits until the kernel has taken it, unless few wait for that.
    /// - Returns: false where that can no longer be.
    func notify(_ line: [UInt8]) async -> Bool {
        let hasRoom = posted.withLock { posted in
            posted.notifications += 1
            return posted.notifications <= Self.freeNotifications
        }
        if hasRoom { return add(.notification(line, sender: nil)) && channel.isActive }
        return await withCheckedContinuation { sender in
            if !add(.notification(line, sender: sender)) { sender.resume(returning: false) }
        }
    }

    private func add(_ entry: Entry) -> Bool {
        let isTaken = posted.withLock { posted in
            if !posted.isFinished { posted.entries.append(entry) }
            return !posted.isFinished
        }
        if isTaken { bell.continuation.yield() }
        return isTaken
    }

    /// Nothing will be posted any more: `run()` ends when all is written.
    func finish() {
        posted.withLock { $0.isFinished = true }
        bell.continuation.finish()
    }

    /// Writes what is posted. When the client is gone, answers are dropped and calls in flight go on to their end.
    func run() async {
        for await _ in bell.stream { await drain() }
        await drain()
    }

    private func drain() async {
        let batch = posted.withLock { posted in
            defer { posted.entries = [] }
            return posted.entries
        }
        var writer = ChunkWriter(channel, deadlines)
        for entry in batch {
            switch entry {
            case .answer(let answer): await write(answer, to: &writer)
            case .notification(let line, _): await attempt { try await writer.writeLine(line) }
            }
        }
        await attempt { try await writer.flush() }
        for entry in batch {
            switch entry {
            case .answer: slots.free()
            case .notification(_, let sender):
                posted.withLock { $0.notifications -= 1 }
                sender?.resume(returning: channel.isActive)
            }
        }
    }

    private func write(_ answer: Dispatcher.Outgoing, to writer: inout ChunkWriter) async {
        switch answer {
        case .line(let bytes): await attempt { try await writer.writeLine(bytes) }
        case .stream(let chunks, let id):
            await attempt { try await writer.flush() }
            await stream(chunks, id: id)
        }
    }

    /// An error before the first byte went out is an ordinary error answer. Later there is no honest way to take
    /// the line back, so the connection ends.
    private func stream(_ chunks: some AsyncSequence<[UInt8], any Error>, id: JSONRPCID) async {
        guard channel.isActive else { return }
        var writer = ChunkWriter(channel, deadlines)
        do {
            try await writer.writeStream(chunks, id: id)
        } catch let error where !writer.hasFlushed {
            var writer = ChunkWriter(channel, deadlines)
            await attempt { try await writer.writeLine(Answer.error(JSONRPCError(streaming: error), id: id)) }
            await attempt { try await writer.flush() }
        } catch {
            // That the client has gone is its own affair, that a result cannot be read is ours.
            let level: Logger.Level = channel.isActive ? .warning : .debug
            logger.log(
                level: level, "a streamed result broke off, closing the connection", metadata: ["error": "\(error)"]
            )
            channel.close(promise: nil)
        }
    }

    private func attempt(_ write: () async throws -> Void) async {
        guard channel.isActive else { return }
        do { try await write() } catch {
            logger.debug("an answer could not be written", metadata: ["error": "\(error)"])
            channel.close(promise: nil)
        }
    }
}

/// Gathers bytes into writes of a good size, and waits for each until the kernel has taken it.
private struct ChunkWriter {
    private static let size = 64 * 1024
    private let channel: any Channel
    private let deadlines: Deadlines
    private var buffer = ByteBuffer()
    private(set) var hasFlushed = false

    init(_ channel: any Channel, _ deadlines: Deadlines) {
        self.channel = channel
        self.deadlines = deadlines
    }

    mutating func writeLine(_ line: [UInt8]) async throws {
        try await write(line)
        buffer.writeInteger(UInt8(ascii: "\n"))
    }

    mutating func writeStream(
        _ chunks: some AsyncSequence<[UInt8], any Error>, id: JSONRPCID
    ) async throws {
        var isEmpty = true
        buffer.writeBytes(Answer.streamHead)
        for try await chunk in chunks where !chunk.isEmpty {
            isEmpty = false
            try await write(Answer.onOneLine(chunk))
        }
        if isEmpty { throw JSONRPCError.internalError("The result is missing.") }
        try await writeLine(Answer.streamTail(id))
        try await flush()
    }

    mutating func flush() async throws {
        guard buffer.readableBytes > 0 else { return }
        hasFlushed = true
        deadlines.beginWriting()
        defer { deadlines.endWriting() }
        try await channel.writeAndFlush(buffer).get()
        buffer.clear()
    }

    private mutating func write(_ bytes: [UInt8]) async throws {
        buffer.writeBytes(bytes)
        if buffer.readableBytes >= Self.size { try await flush() }
    }
}
