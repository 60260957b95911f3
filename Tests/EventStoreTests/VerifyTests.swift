@testable import EventStore
import Redis
import TestKit
import Testing

@Suite struct `Verification` {
    @Test func `finds nothing where everything is as the events say`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 100)
            let gone = NewEvent.thing(.deleted, "n", before: "", topic: "note")
            try await fixture.store.append(.note(.created, "n"), gone, .note(.created, "m"))
            let before = try await fixture.redis.kept()
            let report = try await fixture.store.verify(fixture.store.topics)
            #expect(report.differences == 0)
            #expect(report.examples.isEmpty)
            #expect(report.tallies.map(\.name) == ["thing", "note", "indexes"])
            // A code and one or two tags for each of the 80 that are left.
            #expect(report.tallies.map(\.checked) == [80, 1, 80 + 53 * 2 + 27])
            #expect(try await fixture.redis.kept() == before)
        }
    }

    @Test(arguments: Damage.all)
    func `finds and mends what is not as the events say`(_ damage: Damage) async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 20)
            let kept = try await fixture.redis.kept()
            for command in damage.commands {
                #expect(try await fixture.redis.send(RedisCommand(command[0], arguments: command[1...])).int != 0)
            }
            #expect(try await fixture.store.differences() == damage.differences)
            // To look changes nothing.
            #expect(try await fixture.store.differences() == damage.differences)
            let report = try await fixture.store.verify(fixture.store.topics, isMending: true)
            #expect(Set(report.examples) == damage.differences)
            #expect(report.mended == report.differences)
            #expect(try await fixture.store.differences() == [])
            #expect(try await fixture.redis.kept() == kept)
        }
    }

    @Test func `mends all from nothing`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 700)
            let kept = try await fixture.redis.kept()
            for key in kept.keys { try await fixture.redis.send("DEL", key) }
            let report = try await fixture.store.verify(fixture.store.topics, isMending: true)
            #expect(try await fixture.redis.kept() == kept)
            #expect(report.examples.count == 100)
            #expect(report.differences > 2_000)
            #expect(try await fixture.store.differences() == [])
        }
    }

    @Test func `gives long values as they are, in whatever order Redis has them`() async throws {
        try await withStore { fixture in
            let long = String(repeating: "long ", count: 50)
            let members = #""text":"\#(long)","a":1,"b":{"text":"\#(long)","c":2},"d":"ü€","empty":[],"none":{}"#
            try await fixture.store.append(.thing(.created, "a", members))
            let many = (0..<3_000).map { #""p\#($0)":\#($0)"# }.joined(separator: ",")
            let list = (0..<3_000).map(String.init).joined(separator: ",")
            try await fixture.store.append(.thing(.created, "b", "\(many),\"list\":[\(list)]"))
            #expect(try await fixture.store.differences() == [])
            let kept = try await fixture.redis.kept()
            try await fixture.redis.send("HSET", "thing_entity:b", "p2999", "other")
            try await fixture.redis.send("RPOP", "thing_list:b")
            #expect(try await fixture.store.differences(isMending: true).count == 2)
            #expect(try await fixture.redis.kept() == kept)
        }
    }

    @Test func `takes the last event of an entity, whatever came before`() async throws {
        try await withStore { fixture in
            // Deleted and made again; changed without ever having been made; made twice.
            try await fixture.store.append(.thing(.created, "a", #""code":"1""#))
            try await fixture.store.append(.thing(.deleted, "a", #""code":"1""#, before: #""code":"1""#))
            try await fixture.store.append(.thing(.created, "a", #""code":"2""#))
            try await fixture.store.append(.thing(.updated, "b", #""tags":["x"]"#))
            try await fixture.store.append(.thing(.created, "c", #""tags":["x"]"#))
            try await fixture.store.append(.thing(.created, "c", #""tags":["y"]"#, before: #""tags":["x"]"#))
            #expect(try await fixture.store.differences() == [])
            for key in try await fixture.redis.kept().keys { try await fixture.redis.send("DEL", key) }
            let report = try await fixture.store.verify(fixture.store.topics, isMending: true)
            #expect(report.tallies[0].checked == 3)
            let texts = ["a", "b", "c"]
            for id in texts { #expect(try await fixture.store.state(id)?.exists == true) }
            #expect(try await fixture.redis.strings("HGETALL", "thing_entity:a") == ["id", "a", "code", "2"])
            #expect(try await fixture.redis.strings("LRANGE", "thing_tags:c", "0", "-1") == ["y"])
        }
    }

    @Test func `takes what is too much for the memory a part at a time`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 300)
            let kept = try await fixture.redis.kept()
            for number in 0..<50 { try await fixture.redis.send("DEL", "thing_entity:e\(number)") }
            try await fixture.redis.send("SADD", "thing_ids", "stranger")
            var verification = EntityVerification(
                TopicDefinition("thing"), in: fixture.store, isMending: true, progress: { _ in })
            verification.maxEntities = 40
            let tally = try await verification.run()
            #expect(tally.checked == 240)
            #expect(tally.counts == [.missing: 40, .extra: 1])
            #expect(try await fixture.redis.kept() == kept)
        }
    }

    @Test func `leaves alone what is another shop's or another topic's`() async throws {
        try await withStore(shop: "berlin") { fixture in
            try await fixture.store.fill(with: 10)
            let foreign = [
                "thing_entity:stranger", "{paris}:thing_entity:stranger", "{berlin}:thing_line_entity:stranger",
                "{berlin}:ordershop:index:other.name:e1", "{berlin}:thingamajig",
            ]
            for key in foreign { try await fixture.redis.send("HSET", key, "id", "stranger") }
            try await fixture.redis.send("HSET", "{berlin}:thing_entity:stranger", "id", "stranger")
            #expect(
                try await fixture.store.differences(isMending: true) == [
                    Difference(.extra, "{berlin}:thing_entity:stranger", found: "id stranger")
                ])
            for key in foreign { #expect(try await fixture.redis.send("EXISTS", key).int == 1) }
        }
    }

    @Test func `tells of events that nobody has taken in yet`() async throws {
        try await withStore { fixture in
            try await fixture.store.append(.thing(.created, "a"))
            try await fixture.redis.foreign("created", "f", at: "4000000000-1", #""code":"7""#)
            let found = try await fixture.store.differences(isMending: true)
            #expect(
                Set(found.map(\.key)) == ["ordershop:revisions:thing", "thing_ids", "thing_entity:f"])
            #expect(try await fixture.store.state("f")?.exists == true)
        }
    }

    @Test func `can be ended between two pages`() async throws {
        try await withStore { fixture in
            try await fixture.store.fill(with: 1_200)
            let store = fixture.store
            let work = Task {
                try await store.verify(store.topics) { _ in withUnsafeCurrentTask { $0?.cancel() } }
            }
            await expectError(.cancelled) { _ = try await work.value }
        }
    }
}

/// What somebody did to a shop of 20 entities, and what must be said of it.
struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let commands: [[String]]
    let differences: Set<Difference>

    init(_ name: String, _ commands: [[String]], _ differences: Difference...) {
        testDescription = name
        self.commands = commands
        self.differences = Set(differences)
    }

    static let entity = "id e1 n 1 code c1 tags thing_tags:e1 size thing_size:e1"

    static let all = [
        Damage(
            "a hash that is gone", [["DEL", "thing_entity:e1"]],
            Difference(.missing, "thing_entity:e1", expected: entity)),
        Damage(
            "an id that is gone", [["SREM", "thing_ids", "e1"]], Difference(.missing, "thing_ids", field: "e1")),
        Damage(
            "an id too many", [["SADD", "thing_ids", "e5", "stranger"]],
            Difference(.extra, "thing_ids", field: "e5"), Difference(.extra, "thing_ids", field: "stranger")),
        Damage(
            "entities that are none",
            [
                ["HSET", "thing_entity:stranger", "id", "stranger", "tags", "thing_tags:stranger"],
                ["RPUSH", "thing_tags:stranger", "x"],
            ],
            Difference(
                .extra, "thing_entity:stranger", found: "id stranger tags thing_tags:stranger")),
        Damage(
            "a deleted entity", [["HSET", "thing_entity:e5", "id", "e5"]],
            Difference(.extra, "thing_entity:e5", found: "id e5")),
        Damage(
            "a value", [["HINCRBY", "thing_entity:e1", "n", "6"]],
            Difference(.differing, "thing_entity:e1", field: "n", expected: "1", found: "7")),
        Damage(
            "a field too many", [["HSET", "thing_entity:e1", "m", ""]],
            Difference(.extra, "thing_entity:e1", field: "m", found: "")),
        Damage(
            "a field that is gone", [["HDEL", "thing_entity:e1", "code"]],
            Difference(.missing, "thing_entity:e1", field: "code", expected: "c1")),
        Damage(
            "the order of fields",
            [["HDEL", "thing_entity:e3", "n"], ["HSET", "thing_entity:e3", "n", "1"]],
            Difference(
                .differing, "thing_entity:e3", expected: "id e3 n 1 code c3 tags thing_tags:e3",
                found: "id e3 code c3 tags thing_tags:e3 n 1")),
        Damage(
            "an element of a list", [["RPUSH", "thing_tags:e1", "more"]],
            Difference(.differing, "thing_tags:e1", expected: "t1 all", found: "t1 all more")),
        Damage(
            "a list that is gone", [["DEL", "thing_tags:e1"]],
            Difference(.missing, "thing_tags:e1", expected: "t1 all")),
        Damage(
            "a field of an object", [["HSET", "thing_size:e1", "w", "1", "d", "3"]],
            Difference(.extra, "thing_size:e1", field: "d", found: "3")),
        Damage(
            "a list that nobody names", [["RPUSH", "thing_old:e1", "x"]], Difference(.extra, "thing_old:e1")),
        Damage(
            "a hash of another type", [["DEL", "thing_entity:e1"], ["RPUSH", "thing_entity:e1", "x"]],
            Difference(.differing, "thing_entity:e1", expected: "a hash", found: "a list")),
        Damage(
            "a list of another type", [["DEL", "thing_tags:e1"], ["SADD", "thing_tags:e1", "x"]],
            Difference(.differing, "thing_tags:e1", expected: "a list", found: "a set")),
        Damage(
            "a value with a code", [["HDEL", "ordershop:unique:thing.code", "c1"]],
            Difference(.missing, "ordershop:unique:thing.code", field: "c1", expected: "e1")),
        Damage(
            "a code of somebody else", [["HSET", "ordershop:unique:thing.code", "c1", "e2", "new", "e1"]],
            Difference(.differing, "ordershop:unique:thing.code", field: "c1", expected: "e1", found: "e2"),
            Difference(.extra, "ordershop:unique:thing.code", field: "new", found: "e1")),
        Damage(
            "somebody in an index", [["ZADD", "ordershop:index:thing.tags:t1", "5000001", "e2"]],
            Difference(.extra, "ordershop:index:thing.tags:t1", field: "e2", found: "5-1")),
        Damage(
            "an index that is none", [["ZADD", "ordershop:index:thing.tags:t99", "5000001", "e2"]],
            Difference(.extra, "ordershop:index:thing.tags:t99", field: "e2", found: "5-1")),
        Damage(
            "a revision too many", [["HSET", "ordershop:revisions:thing", "stranger", "1-1 created"]],
            Difference(.extra, "ordershop:revisions:thing", field: "stranger", found: "1-1 created")),
    ]
}
