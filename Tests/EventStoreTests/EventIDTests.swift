import EventStore
import Testing

@Suite struct `An event id` {
    @Test func `is written and read as Redis prints it`() {
        #expect(EventID("1548699679-211658") == EventID(seconds: 1_548_699_679, microseconds: 211_658))
        #expect(EventID(seconds: 1_548_699_679, microseconds: 5).description == "1548699679-5")
        #expect(EventID.zero.description == "0-0")
    }

    @Test(arguments: ["", "-", "1", "1-", "-1", "1-2-3", "a-1", "1-a", " 1-1", "18446744073709551616-0"])
    func `is nothing else`(text: String) {
        #expect(EventID(text) == nil)
    }

    @Test func `is ordered by seconds, then by microseconds, as numbers`() {
        let texts = ["9-999999", "10-5", "10-10", "10-100", "100-0"]
        let ids = texts.compactMap { EventID($0) }
        #expect(ids.count == 5)
        #expect(ids.shuffled().sorted() == ids)
    }

    @Test func `has neighbours, and places before and behind it in time`() {
        let id = EventID(seconds: 10, microseconds: 5)
        #expect(id.successor == EventID(seconds: 10, microseconds: 6))
        #expect(id.successor.predecessor == id)
        #expect(id.later(by: .milliseconds(1_500)) == EventID(seconds: 11, microseconds: 500_005))
        #expect(id.later(by: .seconds(30)).earlier(by: .seconds(30)) == id)
        #expect(id.earlier(by: .seconds(11)) == .zero)
    }
}

@Suite struct `A UUID` {
    @Test func `is of version 4, lower case and never the same`() {
        let all = (0..<1_000).map { _ in UUIDText.random() }
        #expect(Set(all).count == 1_000)
        for text in all {
            #expect(UUIDText.isValid(text))
            #expect(text == text.lowercased())
            #expect(text.dropFirst(14).first == "4")
            #expect("89ab".contains(text.dropFirst(19).first ?? "-"))
        }
    }

    @Test(arguments: [
        "", "0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a1", "0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a111",
        "0b0e9a1c4-b5d-4c7a-9a53-2f0f6f6d8a11", "0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8ag1",
        "0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a1\n", "{0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a}",
    ])
    func `is nothing else`(text: String) {
        #expect(!UUIDText.isValid(text))
    }
}

@Suite struct `A stream's key` {
    @Test func `has the topic in braces`() {
        #expect(StreamKey("customer", .created).description == "events:{customer}_created")
    }

    @Test func `is read back`() {
        #expect(StreamKey(parsing: "events:{mail}_requested") == StreamKey("mail", "requested"))
    }

    @Test(arguments: [
        "", "events:", "events:{}_created", "events:{a}", "events:{a}_", "{a}_b", "events:{a}created",
    ])
    func `is nothing else`(text: String) {
        #expect(StreamKey(parsing: text) == nil)
    }
}
