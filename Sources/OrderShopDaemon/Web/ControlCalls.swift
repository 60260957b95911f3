import GatewayService
import HandlerRuntime
import JSONRPC
import Logging

extension GatewayCalls {
    /// The control socket's methods for those who come by HTTP, with the role that the gateway knows them to have.
    init(_ handler: ControlHandler) {
        let exchange = JSONRPCExchange()
        self.init { message, source in
            let (caller, requestID) = (source.caller, source.requestID)
            let (text, error) = await exchange.answer(message) {
                (call) async throws(JSONRPCError) -> JSONRPCReply in
                if Self.needsSocket(call.method) { throw JSONRPCError(Self.refusal(of: call.method)) }
                return try await handler.handle(
                    call,
                    from: ControlMethod.Caller(
                        call: call, role: caller.role, origin: Origin(source),
                        description: ["login": "\(caller.name ?? "nobody")", "request_id": "\(requestID)"]))
            }
            return Answer(body: text, needsRole: error?.code == Refusal.Code.forbidden.jsonRPCCode)
        }
    }
}

extension GatewayCalls {
    /// What goes on behind its answer, or ends what answers.
    private static func needsSocket(_ method: String) -> Bool {
        method.hasSuffix(".watch") || method == "daemon.shutdown"
    }

    private static func refusal(of method: String) -> Refusal {
        Refusal(
            .invalid,
            "\(method) needs the control socket" + (method == "event.watch" ? ": GET /events tells of events" : ""))
    }
}

extension Origin {
    /// What stands in the events that a call over HTTP causes.
    fileprivate init(_ source: GatewayCalls.Source) {
        self.init(
            (source.caller.name.map { [("login", $0)] } ?? []) + [("correlation", source.requestID)],
            trace: source.trace)
    }
}
