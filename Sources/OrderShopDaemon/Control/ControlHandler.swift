import HandlerRuntime
import JSON
import JSONRPC
import Logging

/// The control socket's methods: every command of every module, and those that control the daemon itself.
struct ControlHandler: JSONRPCHandler {
    private let dispatcher: HandlerRuntime.Dispatcher
    private let permissions: Permissions
    private let methods: [String: ControlMethod]
    private let table: MethodTable
    private let logger: Logger

    init(
        _ methods: [ControlMethod], dispatcher: HandlerRuntime.Dispatcher, permissions: Permissions, logger: Logger
    ) {
        self.dispatcher = dispatcher
        self.permissions = permissions
        self.logger = logger
        let all = methods + ControlMethod.description(of: methods, dispatcher.registry)
        self.methods = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
        table = MethodTable(all, dispatcher.registry)
    }

    func handle(_ call: JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply {
        try await handle(
            call,
            from: ControlMethod.Caller(
                call: call, role: permissions.role(of: call.peer), origin: Origin(calling: call),
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
            let (terms, rest) = try ReservedParameters.split(parameters)
            let done = try await dispatcher.execute(call.method, rest, by: caller.origin, on: terms)
            return try await reply(done.answer)
        } catch {
            log(error, call, from: caller)
            throw JSONRPCError(error)
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
        case .stream(let chunks): .stream(try await chunks.begun())
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
