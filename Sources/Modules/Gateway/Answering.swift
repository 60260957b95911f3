import Glibc
import HTTPTypes
import HandlerRuntime
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// From a request to its answer on the wire.
struct Answering: Sendable {
    let responder: RouterResponder<Routes.Context>
    let logger: Logger
    /// nil: the connections are not encrypted.
    let tls: Live<ServerTLS?>
    private let clock = DateHeader()

    init(responder: RouterResponder<Routes.Context>, logger: Logger, tls: Live<ServerTLS?>) {
        self.responder = responder
        self.logger = logger
        self.tls = tls
    }

    @Sendable func respond(
        to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
    ) async throws {
        let tls = tls.value
        let context = Routes.Context(
            source: GatewayContext.Source(
                channel: channel, logger: logger, isEncrypted: tls != nil, client: await tls?.caller(on: channel)))
        var response = await response(to: request, context)
        response.headers[.date] = clock.text
        response.headers[.server] = "OrderShop"
        SecurityHeaders.add(to: &response, isEncrypted: context.isEncrypted)
        try await writer.write(response: response.head, body: response.body)
    }

    /// The middleware makes an answer of every error; this is for what would be wrong in it.
    private func response(to request: Request, _ context: Routes.Context) async -> Response {
        do { return try await responder.respond(to: request, context: context) } catch {
            logger.error("a request failed", metadata: ["reason": "\(error)"])
            return Response(status: .internalServerError)
        }
    }
}

/// The `Date` of answers, made once a second.
private final class DateHeader: Sendable {
    private let latest = Mutex<(second: time_t, text: String)>((0, ""))

    var text: String {
        let now = time(nil)
        return latest.withLock { latest in
            if latest.second != now { latest = (now, Self.text(of: now)) }
            return latest.text
        }
    }

    /// As RFC 9110 wants it. The daemon never leaves the C locale, whose names are the ones that HTTP wants.
    private static func text(of second: time_t) -> String {
        var second = second
        var fields = tm()
        gmtime_r(&second, &fields)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            let count = strftime(start, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &fields)
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
