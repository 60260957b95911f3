import HTTPTypes
import HandlerRuntime
import Hummingbird
import HummingbirdCore
import JSON
import Logging
import NIOCore
import Traces

/// The routes of the REST API, made from the one table of commands.
struct Routes: Sendable {
    typealias Context = GatewayContext

    let module: GatewayModule
    let dispatcher: Dispatcher
    let pages: [GatewayPage]
    let streams: [GatewayStream]
    let calls: GatewayCalls
    let doorkeeper: Doorkeeper
    let limits: Live<GatewayServer.Limits>
    let sampler: Sampler
    let logger: Logger

    private var table: [(binding: HTTPBinding, method: String)] {
        dispatcher.registry.commands.values
            .flatMap { command in command.definition.http.map { ($0, command.definition.method) } }
            .sorted {
                ($0.binding.path, $0.binding.method.rawValue) < ($1.binding.path, $1.binding.method.rawValue)
            }
    }

    private var guarded: [String] { pages.filter { !$0.isOpen }.map(\.path) + streams.map(\.path) }
    private var open: [String] {
        pages.filter(\.isOpen).map(\.path) + SessionActions.paths + [GatewayCalls.path]
    }
    private var posted: [String] { [GatewayCalls.path, "/login", "/logout"] }

    var router: Router<Context> {
        let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
        var paths = table.map { ($0.binding.method.rawValue, $0.binding.path) }
        paths += ([Report.path, "/session"] + pages.map(\.path) + streams.map(\.path)).map { ("GET", $0) }
        paths += posted.map { ("POST", $0) }
        router.add(middleware: TraceMiddleware(sampler: sampler))
        router.add(
            middleware: ProblemMiddleware(
                module: module, dispatcher: dispatcher, paths: paths, pages: Set(guarded + open), limits: limits,
                logger: logger))
        router.add(middleware: AccessMiddleware(doorkeeper: doorkeeper, open: Set(open)))
        SessionActions(doorkeeper: doorkeeper).add(to: router)
        router.post(RouterPath(GatewayCalls.path)) { request, context in
            try await calls.respond(to: request, in: context, limit: limits.value.body)
        }
        for page in pages {
            router.get(RouterPath(page.path)) { request, context in
                if !page.isOpen { try context.caller.admit() }
                return await page.respond(to: request)
            }
        }
        for stream in streams {
            router.get(RouterPath(stream.path)) { request, context in
                try context.caller.admit()
                return try await stream.respond(to: request, on: context.channel)
            }
        }
        for (binding, method) in table { add(binding, to: method, router) }
        let report = Report(dispatcher: dispatcher)
        router.get(RouterPath(Report.path)) { _, _ in stream(try await report.chunks().begun()) }
        return router
    }

    private func add(_ binding: HTTPBinding, to method: String, _ router: Router<Context>) {
        guard let verb = HTTPRequest.Method(binding.method.rawValue) else { return }
        let path = binding.path
        let role = dispatcher.registry.commands[method]?.definition.role ?? .admin
        router.on(RouterPath(path), method: verb) { request, context in
            try context.caller.admitToShop(as: role)
            var response = try await respond(to: request, with: reply(request, context, binding, method))
            // Never from a projection, so never behind: also while the module is off.
            if binding.method == .get { response.headers[.source] = "events" }
            return response
        }
    }

    // MARK: Requests

    private func reply(
        _ request: Request, _ context: Context, _ binding: HTTPBinding, _ method: String
    ) async throws -> Reply {
        let terms = binding.method == .get ? Terms.none : try Conditions.terms(of: request)
        let origin = Origin(
            correlation: request.headers[.requestID] ?? RequestID.random(), trace: context.trace)
        switch binding.body {
        case .none:
            return try await dispatcher.execute(
                method, try parameters(request, context, of: method), by: origin, on: terms)
        case .object, .optionalObject:
            let body = try await json(
                request, fallback: binding.body == .optionalObject ? .object(JSONObject()) : nil)
            guard let object = body.object else { throw Refusal([.mustBe("an object", not: body)]) }
            return try await dispatcher.execute(
                method, try merge(object, try parameters(context)), by: origin, on: terms)
        case .batch:
            let body = try await json(request)
            switch body {
            case .array(let elements):
                return try await dispatcher.execute(method, batch: elements, by: origin, on: terms)
            case .object: return try await dispatcher.execute(method, single: body, by: origin, on: terms)
            case .null, .bool, .number, .string:
                throw Refusal([.mustBe("an object or an array of objects", not: body)])
            }
        }
    }

    /// What stands in the path, and what stands behind the question mark.
    private func parameters(_ request: Request, _ context: Context, of method: String) throws -> JSONObject {
        let fields = dispatcher.registry.commands[method]?.definition.parameters ?? []
        let query = Query.parameters(of: request, as: fields)
        return try merge(JSONObject(query), try parameters(context))
    }

    private func parameters(_ context: Context) throws -> JSONObject {
        JSONObject(context.parameters.map { (String($0.key), .string(String($0.value))) })
    }

    /// What stands in the path names the entity; the body may repeat it, but not contradict.
    private func merge(_ body: JSONObject, _ path: JSONObject) throws -> JSONObject {
        var merged = body
        for member in path.members {
            if let other = body[member.key], other != member.value {
                throw Refusal([Violation("/\(member.key)", "must be left out or be the one in the path")])
            }
            merged[member.key] = member.value
        }
        return merged
    }

    /// - Parameter fallback: stands for a body that is empty; nil: it must not be.
    private func json(_ request: Request, fallback: JSONValue? = nil) async throws -> JSONValue {
        let buffer: ByteBuffer
        let maxBody = limits.value.body
        do { buffer = try await request.body.collect(upTo: maxBody) } catch is NIOTooManyBytesError {
            throw ProblemMiddleware.tooLarge(maxBody)
        }
        guard buffer.readableBytes > 0 else {
            if let fallback { return fallback }
            throw Refusal(.malformed, "the body is empty: JSON was expected")
        }
        do { return try JSONValue(parsing: buffer.readableBytesView) } catch {
            throw Refusal(.malformed, "the body is not JSON: \(error)")
        }
    }

    // MARK: Answers

    private func respond(to request: Request, with reply: Reply) async throws -> Response {
        if let revision = reply.revision, request.method == .get || request.method == .head,
            Conditions.isKnown(revision, to: request)
        {
            return Response(status: .notModified, headers: [.eTag: Conditions.tag(of: revision)])
        }
        var response = try await response(with: reply.answer)
        if let revision = reply.revision { response.headers[.eTag] = Conditions.tag(of: revision) }
        if case .page(let page) = reply.answer, let next = page.next {
            response.headers[.link] = Query.link(to: next, behind: request)
        }
        if reply.isReplayed { response.headers[.idempotencyReplayed] = "true" }
        return response
    }

    private func response(with answer: Answer) async throws -> Response {
        switch answer {
        case .value(let value): return response(ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes)))
        case .text(let bytes), .entity(let bytes, _):
            return response(ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .page(let page): return response(ResponseBody(byteBuffer: ByteBuffer(bytes: page.array)))
        case .stream(let chunks): return stream(try await chunks.begun())
        }
    }

    private func stream(_ chunks: JSONChunks) -> Response {
        response(
            ResponseBody { writer in
                var chunk = try await chunks.next()
                while let present = chunk {
                    // It is made while this one is written; there is never more than one of them.
                    async let next = chunks.next()
                    try await writer.write(present)
                    chunk = try await next
                }
                try await writer.finish(nil)
            })
    }

    private func response(_ body: ResponseBody) -> Response {
        Response(status: .ok, headers: [.contentType: "application/json"], body: body)
    }
}

extension HTTPField.Name {
    /// Where an answer was read.
    fileprivate static let source = HTTPField.Name("OrderShop-Source") ?? .via
    /// RFC 8288.
    fileprivate static let link = HTTPField.Name("Link") ?? .via
}
