import EventStore
import GatewayService
import HandlerRuntime
import JSON

/// `/health/live` and `/health/ready`, as load balancers and orchestrators ask for them.
struct HealthPages: Sendable {
    let status: DaemonStatus
    let store: Store

    var all: [GatewayPage] {
        [
            GatewayPage("/health/live", isOpen: true) { _ in Self.answer(problems: []) },
            GatewayPage("/health/ready") { _ in Self.answer(problems: await problems()) },
        ]
    }

    /// Why a request that changes something would be refused now. A disabled module is somebody's wish.
    private func problems() async -> [String] {
        do {
            try await store.probe()
            return await status.supervisor.status().compactMap(\.failure)
        } catch {
            return ["Redis takes no writes: \(error)"]
        }
    }

    private static func answer(problems: [String]) -> GatewayPage.Answer {
        let body: JSONValue =
            problems.isEmpty
            ? ["status": "pass"] : ["status": "fail", "output": .string(problems.joined(separator: "; "))]
        return GatewayPage.Answer(
            status: problems.isEmpty ? 200 : 503, contentType: "application/health+json", body: body.bytes)
    }
}

extension ModuleStatus {
    /// Why the module does not start, if it does not.
    fileprivate var failure: String? {
        switch state {
        case .failed(let reason): "the module \(name) does not start: \(reason)"
        case .starting, .running, .catchingUp, .replaying, .backingOff, .disabled, .standby, .stopped: nil
        }
    }
}
