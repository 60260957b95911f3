public import HandlerRuntime

/// The REST API. It takes no commands and handles no events: requests are its work. While it is disabled its port stays
/// open and answers 503.
public struct GatewayModule: HandlerModule {
    public let name = "gateway"
    public let summary = "The REST API"

    public init() {}
}
