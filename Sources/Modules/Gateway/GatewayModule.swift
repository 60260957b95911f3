public import HandlerRuntime
import Synchronization

/// The REST API. It takes no commands and handles no events: requests are its work.
public final class GatewayModule: HandlerModule {
    public let name = "gateway"
    public let summary = "The REST API"
    private let isOn = Mutex(false)

    public init() {}

    /// Whether requests are served. While the module is disabled its port stays open and answers 503.
    var isServing: Bool { isOn.withLock(\.self) }

    public func start() async throws { isOn.withLock { $0 = true } }
    public func stop() async { isOn.withLock { $0 = false } }
}
