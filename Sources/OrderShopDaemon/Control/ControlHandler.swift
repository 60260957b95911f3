import HandlerRuntime
import JSON
import JSONRPC
import Logging

/// The control socket's methods: every command of every module, and those that control the daemon itself.
struct ControlHandler: JSONRPCHandler {
    private let supervisor: Supervisor
    private let methods: [String: ControlMethod]
    private let logger: Logger

    init(supervisor: Supervisor, status: DaemonStatus, past: ShopPast, logger: Logger) {
        self.supervisor = supervisor
        self.logger = logger
        let methods = ControlMethod.all(supervisor: supervisor, status: status, past: past)
        self.methods = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
    }

    func handle(_ call: JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply {
        do throws(Refusal) {
            let parameters = try parameters(of: call)
            if let method = methods[call.method] {
                let violations = method.parameters.violations(in: .object(parameters))
                if !violations.isEmpty { throw Refusal(violations) }
                note(method, parameters, from: call.peer)
                return .value(try await method.run(parameters))
            }
            return try await reply(try await supervisor.dispatcher.execute(call.method, parameters))
        } catch {
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

    private func reply(_ answer: Answer) async throws(Refusal) -> JSONRPCReply {
        switch answer {
        case .value(let value): .value(value)
        case .text(let bytes): .text(bytes)
        case .stream(let chunks): .stream(try await chunks.begun())
        }
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
        self.init(code: refusal.code.jsonRPCCode, message: refusal.message, data: .object(data))
    }
}
