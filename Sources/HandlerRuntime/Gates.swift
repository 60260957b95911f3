import Synchronization

/// Which modules take commands, and how many each has in hand.
final class Gates: Sendable {
    /// Why a gate is closed.
    enum Closure: Sendable, Equatable {
        case starting
        case disabled
        case failed(reason: String)
    }

    private struct Gate {
        var closure: Closure? = .starting
        var inside = 0
        var waiting: [Latch] = []
    }

    private let gates: Mutex<[String: Gate]>

    init(modules: [String]) {
        gates = Mutex(Dictionary(uniqueKeysWithValues: modules.map { ($0, Gate()) }))
    }

    func isOpen(_ module: String) -> Bool { closure(of: module) == nil }

    func closure(of module: String) -> Closure? { gates.withLock { $0[module]?.closure } }

    func hasFailed(_ module: String) -> Bool {
        switch closure(of: module) {
        case .failed: true
        case .starting, .disabled, nil: false
        }
    }

    func open(_ module: String) { gates.withLock { $0[module]?.closure = nil } }
    func close(_ module: String, _ closure: Closure) { gates.withLock { $0[module]?.closure = closure } }

    /// Lets a command in, if the gate is open. It is inside for as long as it keeps the pass.
    func enter(_ module: String) -> Pass? {
        let isInside = gates.withLock { gates in
            guard let gate = gates[module], gate.closure == nil else { return false }
            gates[module]?.inside += 1
            return true
        }
        return isInside ? Pass(gates: self, module: module) : nil
    }

    final class Pass: Sendable {
        private let gates: Gates
        private let module: String

        fileprivate init(gates: Gates, module: String) {
            self.gates = gates
            self.module = module
        }

        deinit { gates.leave(module) }
    }

    private func leave(_ module: String) {
        let waiting = gates.withLock { gates -> [Latch] in
            gates[module]?.inside -= 1
            guard gates[module]?.inside == 0, let waiting = gates[module]?.waiting else { return [] }
            gates[module]?.waiting = []
            return waiting
        }
        for latch in waiting { latch.open() }
    }

    /// Waits until everybody who came in has left, or the task is cancelled.
    func settle(_ module: String) async {
        let left = Latch()
        gates.withLock { gates in
            if gates[module]?.inside ?? 0 == 0 { left.open() } else { gates[module]?.waiting.append(left) }
        }
        await left.wait()
    }
}
