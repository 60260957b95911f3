import CoreMetrics
import NIOCore
import Synchronization

/// A client of `/events` as the hub sees it. It leaves when nobody holds it any more.
final class EventSeat: Sendable {
    private struct State {
        var writingSince: ContinuousClock.Instant?
        var isBeatDue = false
    }

    /// Ring when there may be something to tell; end when the daemon stops.
    let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    private let hangUp: @Sendable () -> Void
    private let onLeave: @Sendable () -> Void
    private let state = Mutex(State())
    private let metrics: EventMetrics

    init(
        _ metrics: EventMetrics, hangUp: @escaping @Sendable () -> Void, onLeave: @escaping @Sendable () -> Void
    ) {
        self.metrics = metrics
        (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.hangUp = hangUp
        self.onLeave = onLeave
    }

    deinit { onLeave() }

    // MARK: The client's side

    /// Tells the client of events until it goes or the daemon stops.
    func serve(_ cursor: EventCursor, _ write: (ByteBuffer) async throws -> Void) async throws {
        var cursor = cursor
        var known = cursor.place
        try await send(ServerSentEvent.opening(at: known), write)
        bell.yield()
        for await _ in rings {
            // While Redis is away there is nothing to tell; its return rings.
            while let part = try? await cursor.next(), !Task.isCancelled {
                try await send(part.bytes, write)
                metrics.sent.increment(by: part.count)
                known = part.end
            }
            guard takeBeat() else { continue }
            try await send(ServerSentEvent.heartbeat(at: cursor.place == known ? nil : cursor.place), write)
            known = cursor.place
        }
    }

    private func send(_ bytes: ByteBuffer, _ write: (ByteBuffer) async throws -> Void) async throws {
        state.withLock { $0.writingSince = .now }
        try await write(bytes)
        state.withLock { $0.writingSince = nil }
    }

    private func takeBeat() -> Bool {
        state.withLock { state in
            defer { state.isBeatDue = false }
            return state.isBeatDue
        }
    }

    // MARK: The hub's side

    func ring() { bell.yield() }
    func end() { bell.finish() }

    func beat() {
        state.withLock { $0.isBeatDue = true }
        bell.yield()
    }

    /// Hangs up where something has been on its way to the client for so long.
    func dropIfStuck(for limit: Duration) -> Bool {
        let start = state.withLock(\.writingSince)
        guard let start, ContinuousClock.now - start >= limit else { return false }
        hangUp()
        return true
    }
}
