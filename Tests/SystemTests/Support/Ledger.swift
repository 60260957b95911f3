import JSON
import Synchronization
import TestKit
import Testing

/// What the clients of a test tried to write, and what of it was acknowledged.
final class Ledger: Sendable {
    enum Outcome: Sendable, Equatable {
        /// 200: it must be there, once.
        case acknowledged(id: String)
        /// Refused in so many words: it must not be there.
        case refused
        /// No answer, or one that says that nobody knows: it may be there, once.
        case unknown
    }

    struct Entry: Sendable {
        /// The stream that tells of it, `customer_created`.
        let stream: String
        /// The property by which the event can be told from all others, and its value.
        let property: String
        let value: JSONValue
        let outcome: Outcome
    }

    private let state = Mutex<(entries: [Entry], failures: [String])>(([], []))

    var entries: [Entry] { state.withLock { $0.entries } }
    var acknowledged: Int { entries.count { if case .acknowledged = $0.outcome { true } else { false } } }

    func note(_ entry: Entry) { state.withLock { $0.entries.append(entry) } }
    /// Something that must never be answered.
    func fail(_ what: String) { state.withLock { $0.failures.append(what) } }

    /// Finds every write in the streams as often as its outcome says.
    func check(_ history: History) {
        #expect(state.withLock { $0.failures } == [])
        var counts: [String: [JSONValue: Int]] = [:]
        let entries = self.entries
        for kind in Set(entries.map { "\($0.stream) \($0.property)" }) {
            let parts = kind.split(separator: " ").map(String.init)
            counts[kind] = history[parts[0]].reduce(into: [:]) { counts, event in
                counts[event.entity[parts[1]] ?? .null, default: 0] += 1
            }
        }
        for entry in entries {
            let count = counts["\(entry.stream) \(entry.property)"]?[entry.value] ?? 0
            switch entry.outcome {
            case .acknowledged: #expect(count == 1, "\(entry)")
            case .refused: #expect(count == 0, "\(entry)")
            case .unknown: #expect(count <= 1, "\(entry)")
            }
        }
    }
}
