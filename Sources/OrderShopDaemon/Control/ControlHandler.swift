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
        do throws(Refusal) {
            let role = permissions.role(of: call.peer)
            let parameters = try parameters(of: call)
            _ = try table.check(call.method, parameters, as: role)
            if let method = methods[call.method], let role {
                note(method, parameters, from: call.peer)
                return try await method.run(parameters, .init(call: call, role: role))
            }
            let (terms, rest) = try ReservedParameters.split(parameters)
            let done = try await dispatcher.execute(call.method, rest, by: Origin(calling: call), on: terms)
            return try await reply(done.answer)
        } catch {
            log(error, call)
            throw JSONRPCError(error)
        }
    }

    /// Who switched what, is asked sooner or later.
    private func note(_ method: ControlMethod, _ parameters: JSONObject, from peer: PeerCredentials?) {
        guard method.isChange else { return }
        var metadata: Logger.Metadata = ["method": "\(method.name)"]
        if let peer {
            metadata["peer_uid"] = "\(peer.uid)"
            metadata["peer_pid"] = "\(peer.pid)"
        }
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

    private func log(_ refusal: Refusal, _ call: JSONRPCCall) {
        guard refusal.code == .forbidden else { return }
        logger.warning(
            "a call was not allowed",
            metadata: [
                "method": "\(call.method.prefix(100))", "peer_uid": "\(call.peer.map { "\($0.uid)" } ?? "unknown")",
                "peer_pid": "\(call.peer.map { "\($0.pid)" } ?? "unknown")",
            ])
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
