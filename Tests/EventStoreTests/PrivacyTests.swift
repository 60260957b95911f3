@testable import EventStore
import Crypto
import JSON
import NIOCore
import Redis
import TestKit
import Testing

@Suite struct `Personal members` {
    private static let topic = TopicDefinition(
        "thing", personal: PersonalMembers(["name": "(gone)"], of: "owner"))
    private static let catalogue = Catalogue(
        topics: [topic, TopicDefinition("note")], projections: [.index(of: "thing", by: "name")])

    private func withSealing(_ body: (Fixture, Store) async throws -> Void) async throws {
        try await withStore(isOpen: false) { fixture in
            let store = Store(
                redis: fixture.redis, shop: "", catalogue: Self.catalogue, isSealing: true, logger: .silent)
            try await store.open()
            try await body(fixture, store)
        }
    }

    private func destroy(_ person: String, in store: Store) async throws {
        var transaction = Transaction()
        transaction.destroyedKeys = [person]
        _ = try await store.transact(transaction)
    }

    @Test func `are sealed in the event, its cache and its indexes, and can be looked up and taken out again`()
        async throws
    {
        try await withSealing { fixture, store in
            try await store.append(
                .thing(.created, "a", #""owner":"p","name":"Ada","n":1"#),
                .thing(
                    .updated, "a", #""owner":"p","name":"Ida","n":2"#, before: #""owner":"p","name":"Ada","n":1"#))
            let kept = try await fixture.redis.send("HGET", "thing_entity:a", "name").string ?? ""
            #expect(kept.hasPrefix("enc:v1:"))
            #expect(try await store.state("a")?.text == #"{"id":"a","owner":"p","name":"Ida","n":2}"#)
            #expect(try await store.ids(in: "thing.name", value: kept, count: 9) == ["a"])
            #expect(try await store.differences().isEmpty)
            // Only what stands in the index now: the first name went out of it.
            #expect(try await fixture.redis.send("KEYS", "ordershop:index:thing.name:*").array?.count == 1)
            let before = try #require(await store.state("a"))
            try await store.append(
                NewEvent(.ends, entityID: "a", entity: before.bytes, before: before.storedBytes))
            #expect(try await fixture.redis.send("KEYS", "ordershop:index:thing.name:*").array?.isEmpty == true)
            #expect(try await store.differences().isEmpty)
        }
    }

    @Test func `are placeholders everywhere once the key is destroyed, and stay so for what comes later`()
        async throws
    {
        try await withSealing { fixture, store in
            let ids = try await store.append(
                .thing(.created, "a", #""owner":"p","name":"Ada""#),
                .thing(.created, "b", #""owner":"q","name":"Bob""#))
            try await destroy("p", in: store)
            let gone = #"{"id":"a","owner":"p","name":"(gone)"}"#
            #expect(try await store.state("a")?.text == gone)
            #expect(try await store.read([.things], after: [:], count: 1).events.map(\.text) == [gone])
            #expect(try await store.event(ids[0], in: .things)?.text == gone)
            #expect(
                try await store.list(Self.topic).entities.map(\.text) == [
                    gone, #"{"id":"b","owner":"q","name":"Bob"}"#,
                ])
            #expect(try await store.history(of: Self.topic, "a", count: 1).events.map(\.text) == [gone])
            // Somebody who had read it before writes it again.
            try await store.append(.thing(.updated, "a", #""owner":"p","name":"Ada""#))
            let stored = try await fixture.redis.send("XRANGE", "events:{thing}_updated", "-", "+").array?[0]
                .array?[1]
            #expect(stored?.array?[3].string == gone)
            try await store.cut(at: ids[1])
            #expect(try await store.state("b")?.text == #"{"id":"b","owner":"q","name":"Bob"}"#)
        }
    }

    @Test func `of nobody in particular are left, and nothing is sealed by a shop that does not encrypt`()
        async throws
    {
        try await withSealing { fixture, store in
            try await store.append(.thing(.created, "a", #""name":"Ada""#))
            #expect(try await fixture.redis.send("HGET", "thing_entity:a", "name").string == "Ada")
            try await store.append(.thing(.created, "b", #""owner":"p","name":"Bob""#))
            let plain = Store(redis: fixture.redis, shop: "", catalogue: Self.catalogue, logger: .silent)
            #expect(try await plain.state("b")?.text == #"{"id":"b","owner":"p","name":"Bob"}"#)
            try await plain.append(.thing(.created, "c", #""owner":"p","name":"Cid""#))
            #expect(try await fixture.redis.send("HGET", "thing_entity:c", "name").string == "Cid")
        }
    }

    @Test func `cannot be read with another key, moved elsewhere or changed`() throws {
        let seal = PersonalSeal(SymmetricKey(size: .bits256))
        let text = try seal.seal("Zoë 👩‍🚀", in: "thing.name")
        #expect(seal.open(text, in: "thing.name") == "Zoë 👩‍🚀")
        #expect(try seal.seal("Zoë 👩‍🚀", in: "thing.name") == text)
        #expect(try seal.seal("Zoe", in: "thing.name") != text)
        #expect(seal.open(text, in: "thing.email") == nil)
        #expect(PersonalSeal(SymmetricKey(size: .bits256)).open(text, in: "thing.name") == nil)
        var changed = Array(text.utf8)
        changed[20] = changed[20] == 65 ? 66 : 65
        #expect(seal.open(String(decoding: changed, as: UTF8.self), in: "thing.name") == nil)
        #expect(seal.open("enc:v1:", in: "thing.name") == nil && seal.open("enc:v1:!", in: "thing.name") == nil)
    }
}
