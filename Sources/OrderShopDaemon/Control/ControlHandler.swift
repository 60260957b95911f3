import HandlerRuntime
import JSON
import JSONRPC
import Logging
import Traces
import Tracing

/// The control socket's methods: every command of every module, and those that control the daemon itself.
struct ControlHandler: JSONRPCHandler {
    private let dispatcher: HandlerRuntime.Dispatcher
    private let permissions: Permissions
    private let methods: [String: ControlMethod]
    private let table: MethodTable
    private let sampler: Sampler
    private let logger: Logger

    init(
        _ methods: [ControlMethod], dispatcher: HandlerRuntime.Dispatcher, permissions: Permissions,
        sampler: Sampler, logger: Logger
    ) {
        self.dispatcher = dispatcher
        self.permissions = permissions
        self.sampler = sampler
        self.logger = logger
        let all = methods + ControlMethod.description(of: methods, dispatcher.registry)
        self.methods = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
        table = MethodTable(all, dispatcher.registry)
    }

    func handle(_ call: JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply {
        var origin = Origin(calling: call)
        origin.trace = sampler.context(traceparent: nil)
        return try await handle(
            call,
            from: ControlMethod.Caller(
                call: call, role: permissions.role(of: call.peer), origin: origin,
                description: Self.description(of: call.peer)))
    }

    /// - Parameter caller: whose role is known already, by whatever door he came.
    func handle(
        _ call: JSONRPCCall, from caller: ControlMethod.Caller
    ) async throws(JSONRPCError) -> JSONRPCReply {
        do throws(Refusal) {
            let parameters = try parameters(of: call)
            _ = try table.check(call.method, parameters, as: caller.role)
            if let method = methods[call.method] {
                note(method, parameters, from: caller)
                return try await method.run(parameters, caller)
            }
            return try await execute(call.method, try ReservedParameters(in: parameters), by: caller.origin)
        } catch {
            log(error, call, from: caller)
            throw JSONRPCError(error)
        }
    }

    private func execute(
        _ method: String, _ parameters: ReservedParameters, by origin: Origin
    ) async throws(Refusal) -> JSONRPCReply {
        var origin = origin
        // Whoever names a trace decides whether it is recorded.
        if let trace = parameters.trace { origin.trace = trace.isSampled ? InstrumentationContext(trace) : nil }
        guard let context = origin.trace else {
            return try await reply(
                dispatcher.execute(method, parameters.rest, by: origin, on: parameters.terms).answer)
        }
        let span = InstrumentationSystem.tracer.startSpan(method, context: context, ofKind: .server)
        defer { span.end() }
        origin.trace = span.context
        span.attributes["rpc.system"] = "jsonrpc"
        span.attributes["rpc.method"] = method
        span.attributes["rpc.jsonrpc.version"] = "2.0"
        do {
            return try await reply(
                dispatcher.execute(method, parameters.rest, by: origin, on: parameters.terms).answer)
        } catch {
            span.attributes["rpc.jsonrpc.error_code"] = error.code.jsonRPCCode
            span.setStatus(SpanStatus(code: .error, message: error.message))
            throw error
        }
    }

    private static func description(of peer: PeerCredentials?) -> Logger.Metadata {
        [
            "peer_uid": "\(peer.map { "\($0.uid)" } ?? "unknown")",
            "peer_pid": "\(peer.map { "\($0.pid)" } ?? "unknown")",
        ]
    }

    /// Who switched what, is asked sooner or later.
    private func note(_ method: ControlMethod, _ parameters: JSONObject, from caller: ControlMethod.Caller) {
        guard method.isChange else { return }
        var metadata = caller.description
        metadata["method"] = "\(method.name)"
        if let module = (parameters["name"] ?? parameters["module"])?.string { metadata["module"] = "\(module)" }
        logger.notice("the daemon is told to change something", metadata: metadata)
    }

    private func parameters(of call: JSONRPCCall) throws(Refusal) -> JSONObject {
        switch call.params {
        case nil: JSONObject()
        case .object(let object): object
        case let other?: throw Refusal([.mustBe("an object: parameters go by name", not: other)])
        }
    }

    private func reply(_ answer: HandlerRuntime.Answer) async throws(Refusal) -> JSONRPCReply {
        switch answer {
        case .value(let value): .value(value)
        case .text(let bytes), .entity(let bytes, _): .text(bytes)
        case .page(let page): .text(page.object)
        case .stream(let chunks): .stream(try await chunks.begun().bytes)
        }
    }

    private func log(_ refusal: Refusal, _ call: JSONRPCCall, from caller: ControlMethod.Caller) {
        guard refusal.code == .forbidden else { return }
        let method: Logger.Metadata = ["method": "\(call.method.prefix(100))"]
        logger.warning("a call was not allowed", metadata: method.merging(caller.description) { $1 })
    }
}

extension JSONRPCError {
    init(_ refusal: Refusal) {
        var data = JSONObject([("reason", .string(refusal.code.name))])
        if !refusal.violations.isEmpty {
            data["errors"] = .array(
                refusal.violations.map { ["pointer": .string($0.pointer), "detail": .string($0.detail)] })
        }
        if let retryAfter = refusal.retryAfter {
            data["retry_after"] = .number(JSONNumber(retryAfter.components.seconds))
        }
        for member in refusal.details.members { data[member.key] = member.value }
        self.init(code: refusal.code.jsonRPCCode, message: refusal.message, data: .object(data))
    }
}
