import Synchronization

/// Counts wrong tokens, so that nobody can try many.
final class Attempts: Sendable {
    struct Limits: Sendable {
        /// Wrong ones from one address in a window.
        var fromOne = 10
        /// From everybody.
        var fromAll = 200
        var window = Duration.seconds(60)
    }

    private struct Window {
        var begun = ContinuousClock.now
        var all = 0
        var byAddress: [String: Int] = [:]
    }

    private let limits: Limits
    private let current = Mutex(Window())

    init(limits: Limits = Limits()) { self.limits = limits }

    /// - Throws: when there were too many, so that whoever tries does not even learn that it was wrong.
    func noteWrong(_ address: String) throws(AccessDenied) {
        let rest = current.withLock { window -> Duration? in
            if ContinuousClock.now - window.begun > limits.window { window = Window() }
            window.all += 1
            window.byAddress[address, default: 0] += 1
            guard window.all > limits.fromAll || window.byAddress[address, default: 0] > limits.fromOne else {
                return nil
            }
            return window.begun + limits.window - .now
        }
        guard let rest else { return }
        let seconds = max(1, Int(rest.components.seconds) + 1)
        throw AccessDenied(
            kind: .tooMany(seconds: seconds), detail: "too many wrong tokens: try again in \(seconds) s")
    }
}
