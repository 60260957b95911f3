@testable import EventStore
import Testing

extension Store {
    /// Trims the streams up to an event, as retention does once all is archived.
    func cut(at cut: EventID, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let lock = try #require(try await lockRetention(), sourceLocation: sourceLocation)
        var last: [StreamKey: EventID] = [:]
        for topic in topics {
            _ = try await buildSnapshot(of: topic, upTo: cut, lock)
            for stream in topic.streams {
                last[stream] = try await range(stream, after: .zero, count: 1_000_000).map(\.id).last { $0 <= cut }
            }
        }
        let standing = RetentionStanding(cut: cut, at: 0, archive: "", events: 0, unfinished: [])
        let outcome = try await switchSnapshots(lock, standing: standing, lastArchived: last)
        guard case .done = outcome else {
            Issue.record("\(outcome)", sourceLocation: sourceLocation)
            return
        }
        for stream in catalogue.streams where last[stream] != nil {
            while try await !trim(stream, upTo: cut, lock).isDone {}
        }
        try await noteTrimmed(lock)
        try await release(lock)
    }
}
