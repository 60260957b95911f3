import EventStore
import HandlerRuntime
import JSON
import TestKit
import Testing

@Suite struct `What a later version of the program wrote` {
    @Test func `is passed on as it stands, but nothing is decided on it, and its module waits`() async throws {
        let echo = EchoModule()
        try await Shop.run([CounterModule(), echo]) { shop in
            let id = UUIDText.random()
            let text = Array(#"{"id":"\#(id)","value":4,"unit":"kg"}"#.utf8)
            let event = NewEvent(
                .counters, entityID: id, entity: text, before: nil, metadata: [("schema", "2")])
            guard case .committed = try await shop.store.transact(Transaction(events: [event])) else {
                Issue.record("not committed")
                return
            }
            #expect(try await shop.call("counter.get", ["id": .string(id)])["unit"] == "kg")
            let refused = await refusal { _ = try await shop.call("counter.decrement", ["id": .string(id)]) }
            #expect(refused?.code == .unavailable)
            #expect(refused?.message.contains("upgrade this daemon") == true)
            try await eventually("it is waited for") {
                guard case .backingOff(let reason, _)? = await shop.state(of: "echo") else { return false }
                return reason.contains("later version")
            }
            #expect(echo.ear.heard.isEmpty)
            #expect(try await shop.status(of: "echo").parked == 0)
        }
    }
}
