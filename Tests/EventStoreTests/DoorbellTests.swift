import EventStore
import Redis
import Synchronization
import TestKit
import Testing

@Suite struct `The doorbell` {
    private final class Rings: Sendable {
        let count = Mutex(0)
        var seen: Int { count.withLock(\.self) }

        func expectOne(_ what: String, after body: () async throws -> Void) async throws {
            let before = seen
            try await body()
            try await eventually(what) { seen > before }
        }
    }

    @Test func `rings for whatever another appended`() async throws {
        try await withStore { fixture in
            try await listen(on: fixture.anotherStore()) { rings in
                for number in 0..<5 {
                    try await rings.expectOne("a thing rings") {
                        try await fixture.store.append(.thing(.created, "a\(number)"))
                    }
                    try await rings.expectOne("a note rings") {
                        try await fixture.store.append(.note(.updated, "b\(number)"))
                    }
                }
            }
        }
    }

    @Test func `rings on after another program wrote an event of a later time`() async throws {
        try await withStore { fixture in
            try await listen(on: fixture.anotherStore()) { rings in
                try await rings.expectOne("the foreign event rings") {
                    try await fixture.redis.foreign("created", "x", at: "99999999999-5", "")
                }
                try await rings.expectOne("a usual event rings") {
                    try await fixture.store.append(.note(.created, "n"))
                }
            }
        }
    }

    /// Listens as long as `body`.
    private func listen(on store: Store, _ body: (Rings) async throws -> Void) async throws {
        let rings = Rings()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await store.listen { rings.count.withLock { $0 += 1 } } }
            try await eventually("it rings at the beginning") { rings.seen == 1 }
            try await body(rings)
            group.cancelAll()
        }
    }
}
