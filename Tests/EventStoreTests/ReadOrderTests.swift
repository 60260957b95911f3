import EventStore
import JSON
import Redis
import TestKit
import Testing

@Suite struct `Reading several streams` {
    private static let streams = [StreamKey.things, .changes, .ends, .notes]

    @Test(arguments: [1, 2, 3, 7, 40, 1_000])
    func `gives what sorting all of them gives, whatever the count`(count: Int) async throws {
        try await withStore { fixture in
            for round in 0..<8 {
                try await fixture.redis.send("FLUSHALL")
                let written = try await interleave(200, over: fixture.redis, bias: round)
                let read = try await readAll(from: fixture.store, count: count)
                #expect(read.map(\.id) == written.map(\.id))
                #expect(read.map(\.stream) == written.map(\.stream))
            }
        }
    }

    @Test(arguments: [1, 3, 1_000])
    func `between two places gives those, whatever the count`(count: Int) async throws {
        try await withStore { fixture in
            let written = try await interleave(200, over: fixture.redis, bias: 2).map(\.id)
            let range = written[40]...written[120]
            var read: [EventID] = []
            var start = range.lowerBound
            while true {
                let batch = try await fixture.store.read(
                    Self.streams, in: start...range.upperBound, count: count)
                read += batch.events.map(\.id)
                guard batch.isFull, let last = batch.events.last?.id, last < range.upperBound else { break }
                start = last.successor
            }
            #expect(read == Array(written[40...120]))
        }
    }

    @Test func `finds events by their ids alone`() async throws {
        try await withStore { fixture in
            let written = try await interleave(20, over: fixture.redis, bias: 0)
            let asked = [written[17], written[3], written[8]].map(\.id)
            let missing = EventID(seconds: 1_000, microseconds: 0)
            let found = try await fixture.store.events(asked + [missing])
            #expect(found.map(\.id) == asked.sorted())
            #expect(found.map(\.stream) == [written[3], written[8], written[17]].map(\.stream))
            #expect(try await fixture.store.events([]).isEmpty)
        }
    }

    /// Events with ids in one order, dealt out to the streams at random: evenly, in runs, or mostly to one.
    private func interleave(
        _ count: Int, over redis: RedisClient, bias: Int
    ) async throws -> [(id: EventID, stream: StreamKey)] {
        var written: [(id: EventID, stream: StreamKey)] = []
        var stream = 0
        for number in 0..<count {
            let isNew = bias == 0 || Int.random(in: 0..<(bias * 3)) == 0
            if isNew { stream = bias > 5 && Bool.random() ? 0 : Int.random(in: 0..<Self.streams.count) }
            written.append(
                (
                    EventID(seconds: UInt64(number / 3 + 1), microseconds: UInt64(number % 3)),
                    Self.streams[stream]
                ))
        }
        _ = try await redis.pipeline(
            written.map { RedisCommand("XADD", $0.stream.description, $0.id.description, "event_id", "e") })
        return written
    }

    private func readAll(from store: Store, count: Int) async throws -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        var positions: [StreamKey: EventID] = [:]
        while true {
            let batch = try await store.read(Self.streams, after: positions, count: count)
            if batch.events.isEmpty { return events }
            events += batch.events
            positions = batch.positions
        }
    }

    @Test func `while others append keeps the order and leaves nothing out`() async throws {
        try await withStore { fixture in
            let total = 8 * 40 * 2
            async let appended: Void = withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for number in 0..<40 {
                            try await fixture.store.append(
                                .thing(.created, "\(task)-\(number)"), .note(.created, "\(task)-\(number)"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            var events: [RecordedEvent] = []
            var positions: [StreamKey: EventID] = [:]
            try await eventually("all were read") {
                let batch = try await fixture.store.read(Self.streams, after: positions, count: 3)
                events += batch.events
                positions = batch.positions
                return events.count >= total
            }
            try await appended
            #expect(events.count == total)
            #expect(events.map(\.id) == events.map(\.id).sorted())
        }
    }

    @Test func `tells their names, their metadata and where to go on`() async throws {
        try await withStore { fixture in
            let event = NewEvent(
                .things, entityID: "a", entity: Array(#"{"id":"a"}"#.utf8), before: nil, metadata: [("k", "v")])
            let ids = try await fixture.store.append(event, .note(.created, "n"))
            let batch = try await fixture.store.read([.things, .notes, .ends], after: [:], count: 10)
            #expect(batch.events.map(\.stream) == [.things, .notes])
            #expect(batch.events[0].eventID == event.eventID)
            #expect(batch.events[0].metadata.map(\.name) == ["k"])
            #expect(batch.events[0].decoded()?["id"] == "a")
            #expect(batch.positions == [.things: ids[0], .notes: ids[1]])
            let lag = try await fixture.store.lag(of: [.things, .notes], behind: [.things: ids[0]])
            #expect(lag.values.reduce(0, +) == 1)
        }
    }
}
