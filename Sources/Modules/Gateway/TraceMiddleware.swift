import HTTPTypes
import Hummingbird
import HummingbirdCore
import Traces
import Tracing

/// Records a span of a request that is traced, and tells the caller where it is.
struct TraceMiddleware: RouterMiddleware {
    typealias Context = Routes.Context

    let sampler: Sampler

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard
            let caller = sampler.context(
                traceparent: request.headers[.traceparent], tracestate: request.headers[.tracestate])
        else { return try await next(request, context) }
        return try await trace(request, context, of: caller, next)
    }

    /// Whatever is refused is a response by now: the next middleware makes it one.
    private func trace(
        _ request: Request, _ context: Context, of caller: InstrumentationContext,
        _ next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        let span = InstrumentationSystem.tracer.startSpan(
            request.method.rawValue, context: caller, ofKind: .server)
        defer { span.end() }
        context.trace = span.context
        span.attributes["http.request.method"] = request.method.rawValue
        span.attributes["url.path"] = request.uri.path
        span.attributes["url.scheme"] = context.isEncrypted ? "https" : "http"
        var response = try await next(request, context)
        // A route and not a path: names are to be few.
        if let route = context.endpointPath {
            span.operationName = "\(request.method.rawValue) \(route)"
            span.attributes["http.route"] = route
        }
        span.attributes["http.response.status_code"] = response.status.code
        if response.status.code >= 500 {
            span.attributes["error.type"] = "\(response.status.code)"
            span.setStatus(SpanStatus(code: .error))
        }
        response.headers[.traceresponse] = span.context.trace?.traceparent
        return response
    }
}

extension HTTPField.Name {
    fileprivate static let traceparent = HTTPField.Name("traceparent") ?? .via
    fileprivate static let tracestate = HTTPField.Name("tracestate") ?? .via
    /// Of the drafts of Trace Context, level 2, in the form of `traceparent`.
    fileprivate static let traceresponse = HTTPField.Name("traceresponse") ?? .via
}
