import CoreMetrics

/// What is measured of commands and queries: how long each takes, and what becomes of it.
struct CommandMetrics: Sendable {
    private struct Meters: Sendable {
        let duration: Timer
        let done: Counter

        init(_ method: String) {
            duration = Timer(label: "ordershop_command_duration_seconds", dimensions: [("method", method)])
            done = CommandMetrics.counter(method, "done")
        }
    }

    private let meters: [String: Meters]

    init(methods: some Sequence<String>) {
        meters = Dictionary(methods.map { ($0, Meters($0)) }) { first, _ in first }
    }

    /// A method that there is none of is measured under no name of its own: callers could make up any number of them.
    func measure<Result>(
        _ method: String, _ body: () async throws(Refusal) -> Result
    ) async throws(Refusal) -> Result {
        let start = ContinuousClock.now
        let meters = meters[method]
        defer { meters?.duration.recordNanoseconds(Int64((.now - start) / .nanoseconds(1))) }
        do {
            let result = try await body()
            meters?.done.increment()
            return result
        } catch {
            Self.counter(meters == nil ? "unknown" : method, error.code.name).increment()
            throw error
        }
    }

    private static func counter(_ method: String, _ outcome: String) -> Counter {
        Counter(label: "ordershop_commands", dimensions: [("method", method), ("outcome", outcome)])
    }
}
