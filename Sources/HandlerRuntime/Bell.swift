/// Wakes one sleeper. Rings that come while he works are one ring.
struct Bell: Sendable {
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func ring() { continuation.yield() }

    /// No more rings: the sleeper may go home.
    func silence() { continuation.finish() }
}
