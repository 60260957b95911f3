import Glibc
import JSON

/// How far long work has come: a bar on a terminal, now and then a line elsewhere.
struct Progress {
    private let what: String
    private var total: Int
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var done = 0
    private var lastShown = ContinuousClock.now

    init(_ what: String, of total: Int) { (self.what, self.total) = (what, total) }

    mutating func advance(by count: Int) {
        done += count
        // As much as a person reads, and as little as a log should hold.
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        guard .now - lastShown >= pause else { return }
        lastShown = .now
        if isTerminal { Output.prompt(raw: "\r\(line)\u{1B}[K") } else { Output.complain(line) }
    }

    /// - Parameter progress: of a job: `{done, total}`.
    mutating func show(_ progress: JSONValue?) {
        guard let now = progress?["done"]?.number?.int64, let all = progress?["total"]?.number?.int64 else {
            return
        }
        (total, done) = (Int(all), 0)
        advance(by: Int(now))
    }

    func end() { if isTerminal, total > 0 { Output.prompt(raw: "\r\u{1B}[K") } }

    var line: String {
        let share = total > 0 ? Double(done) / Double(total) : 1
        let filled = Int((share * 30).rounded())
        let full = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        let bar = isTerminal ? "\(full) " : ""
        let rate = Double(done) / max(0.001, (ContinuousClock.now - start) / .seconds(1))
        let left = done < total ? ", \(Span(seconds: Double(total - done) / max(1, rate))) left" : ""
        return "\(what) \(bar)\(done) of \(total), \(Int(rate))/s\(left)"
    }
}
