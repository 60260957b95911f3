import Hummingbird
import Logging
import NIOCore
import Tracing

/// What is known of a request beside what it says.
struct GatewayContext: RequestContext {
    struct Source: RequestContextSource {
        let channel: any Channel
        let logger: Logger
        let isEncrypted: Bool
        /// Whom a certificate names that was verified.
        let client: GatewayCaller?
    }

    var coreContext: CoreRequestContextStorage
    /// The connection that it came by.
    let channel: any Channel
    /// Whether that connection is TLS.
    let isEncrypted: Bool
    /// Whom a certificate names that was verified.
    let client: GatewayCaller?
    /// Whoever sends it.
    var caller = GatewayCaller.nobody
    /// The span of the request; nil: it is not traced.
    var trace: InstrumentationContext?

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        isEncrypted = source.isEncrypted
        client = source.client
    }
}
