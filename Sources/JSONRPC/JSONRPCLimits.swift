/// What one client may ask for. Beyond a limit there is an error answer or a pause, never a silent end.
public struct JSONRPCLimits: Sendable {
    /// Bytes of one message.
    public var messageSize = 1 << 20
    /// Calls in one batch.
    public var batch = 100
    /// Containers in one another, the request itself and a batch among them.
    public var depth = 32
    /// Messages of one connection that are worked on at the same time. Then reading pauses.
    public var inFlight = 64
    /// Feeds that run for one connection at the same time. One more is refused.
    public var feeds = 32
    /// Connections at the same time. One more is told so and closed.
    public var connections = 1_024
    /// Bytes of one streamed result inside a batch, where streams have to be collected.
    public var collectedResult = 16 << 20
    /// How long a message may take from its first byte to its last. Then its sender is told so and closed.
    public var receiving: Duration = .seconds(30)
    /// How long the kernel may take no more for a client who does not read. Then the connection is cut off.
    public var writing: Duration = .seconds(30)
    /// How long a connection may be open on which nothing is sent, worked on or watched. Then its client is told
    /// so and closed. nil: for ever.
    public var idle: Duration? = .seconds(3600)

    public init() {}
}
