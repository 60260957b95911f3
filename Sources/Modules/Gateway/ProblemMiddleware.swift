import HTTPTypes
import EventStore
import HandlerRuntime
import Hummingbird
import HummingbirdCore
import Logging

/// Names every request, turns every refusal into a problem, and refuses what no route would take.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = Routes.Context

    let module: GatewayModule
    let dispatcher: Dispatcher
    let paths: [(method: String, path: String)]
    /// Are served while the module is off, too.
    let pages: Set<String>
    let limits: Live<GatewayServer.Limits>
    let logger: Logger

    static func tooLarge(_ limit: Int) -> Refusal {
        Refusal(.tooLarge, "the body has more than \(limit) bytes: send less at once")
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let id = Self.requestID(request.headers[.requestID])
        let request = Self.named(request, id)
        var response: Response
        do {
            try check(request)
            response = try await next(request, context)
        } catch let refusal as Refusal {
            if refusal.code == .internalError { log(refusal, id) }
            response = Problem(refusal).response(requestID: id)
        } catch let denied as AccessDenied {
            response = Problem(denied).response(requestID: id)
        } catch let error as any HTTPResponseError where error.status == .notFound {
            response = noRoute(for: request).response(requestID: id)
        } catch let error as any HTTPResponseError {
            response = Problem(status: error.status, detail: "\(error)").response(requestID: id)
        } catch {
            log(error, id)
            response = Problem(Refusal(.internalError, "something failed here; the log names it by the request id"))
                .response(requestID: id)
        }
        response.headers[.requestID] = id
        return response
    }

    private func check(_ request: Request) throws(Refusal) {
        if !pages.contains(request.uri.path), let closure = dispatcher.closure(of: module.name) { throw closure }
        let maxBody = limits.value.body
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maxBody {
            throw Self.tooLarge(maxBody)
        }
    }

    private func noRoute(for request: Request) -> Problem {
        let matching = paths.filter { matches($0.path, request.uri.path) }
        // As the router does: a path that is there by name goes before one with a parameter in its place.
        let named = matching.filter { $0.path == request.uri.path }
        let allowed = Set((named.isEmpty ? matching : named).map(\.method))
        if allowed.isEmpty {
            return Problem(status: .notFound, detail: "there is nothing at \(request.uri.path.prefix(200))")
        }
        let list = (allowed.contains("GET") ? allowed.union(["HEAD"]) : allowed).sorted().joined(separator: ", ")
        return Problem(
            status: .methodNotAllowed, detail: "\(request.method.rawValue) is not taken here, but \(list)",
            headers: [.allow: list])
    }

    private func matches(_ template: String, _ path: String) -> Bool {
        let template = template.split(separator: "/")
        let path = path.split(separator: "/")
        return template.count == path.count && zip(template, path).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    /// For the events that come of it.
    private static func named(_ request: Request, _ id: String) -> Request {
        var head = request.head
        head.headerFields[.requestID] = id
        return Request(head: head, body: request.body)
    }

    /// The client's own name for the request, where it can be written into a log as it is.
    private static func requestID(_ given: String?) -> String {
        guard let given, (1...100).contains(given.utf8.count),
            given.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else { return RequestID.random() }
        return given
    }

    private func log(_ error: any Error, _ id: String) {
        logger.error("a request failed", metadata: ["request_id": "\(id)", "reason": "\(error)"])
    }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-ID") ?? .via
}
