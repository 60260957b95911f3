import JSON
import JSONRPC
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `What happened` {
    private func customer(_ name: String, _ id: String? = nil) -> JSONValue {
        var object = JSONObject([("name", .string(name)), ("email", "a@example.org")])
        object["id"] = id.map { .string($0) }
        return .object(object)
    }

    @Test func `is listed in order, behind a place, up to a place, from the end, and by what it is about`()
        async throws
    {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            var ids: [String] = []
            for number in 0..<10 {
                ids.append(try #require(await shop.call("customer.create", customer("\(number)")).string))
            }
            _ = try await shop.call("customer.update", customer("changed", ids[3]))
            func list(_ params: JSONValue) async throws -> [JSONValue] {
                try await shop.call("event.list", params).array ?? []
            }
            let all = try await list(["topic": "customer"])
            #expect(all.compactMap { $0["entity"]?["id"]?.string } == ids + [ids[3]])
            #expect(all.last?["action"] == "updated")
            let place = try #require(all[4]["id"])
            #expect(try await list(["topic": "customer", "after": place]) == Array(all[5...]))
            #expect(try await list(["topic": "customer", "before": place]) == Array(all[...4]))
            #expect(try await list(["topic": "customer", "last": true, "limit": 3]) == all.suffix(3))
            #expect(
                try await list(["topic": "customer", "last": true, "before": place, "limit": 2])
                    == Array(all[3...4]))
            #expect(try await list(["topic": "customer", "limit": 2]) == Array(all[..<2]))
            #expect(try await list(["action": "updated"]) == [all[10]])
            #expect(try await list(["entity": .string("customer:\(ids[3])")]) == [all[3], all[10]])
            await #expect(throws: JSONRPCError.self) { try await list(["topic": "costumer"]) }
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `A checkpoint` {
    @Test func `is put elsewhere for a disabled module only, and after what was seen was confirmed`() async throws {
        try await withShop { shop in
            _ = try await shop.call("customer.create", ["name": "Ada", "email": "ada@example.org"])
            try await shop.settle()
            #expect(try await shop.reason("checkpoint.reset", ["module": "crm"]) == "conflict")
            try await shop.setEnabled(false, "crm")
            let token = try #require(await shop.call("checkpoint.reset", ["module": "crm"])["confirm"])
            #expect(
                try await shop.reason("checkpoint.reset", ["module": "crm", "confirm": "12345678"]) == "conflict")
            _ = try await shop.call("checkpoint.reset", ["module": "crm", "confirm": token])
            let rows = try await shop.call("checkpoint.list", ["module": "crm"]).array ?? []
            #expect(rows.count >= 7 && rows.allSatisfy { $0["handled"] == "0-0" })
            // Another place by now.
            #expect(
                try await shop.reason("checkpoint.set", ["module": "crm", "to": "1-1", "confirm": token])
                    == "conflict")
            try await shop.setEnabled(true, "crm")
            try await shop.settle()
            // Once more.
            let customer = try #require(await shop.call("customer.list").array?.first?["id"])
            let said = try await shop.call("crm.interactions", ["customer_id": customer])
            #expect(said.array?.count == 2)
        }
    }
}

@Suite(.timeLimit(.minutes(12))) struct `Work that takes long` {
    @Test func `goes on as a job behind the call, and keeps its result`() async throws {
        try await withShop { shop in
            _ = try await shop.call("customer.create", ["name": "Ada", "email": "ada@example.org"])
            let job = try #require(await shop.call("projection.verify", ["job": true])["job"])
            try await eventually("it is done") { try await shop.call("job.show", ["job": job])["state"] == "done" }
            let shown = try await shop.call("job.show", ["job": job])
            #expect(shown["result"]?["differences"] == 0)
            #expect(try await shop.call("job.list").array == [shown])
            await #expect(throws: JSONRPCError.self) { try await shop.call("job.cancel", ["job": job]) }
            let failing = try #require(
                await shop.call("archive.verify", ["file": "none.ndjson.gz", "job": true])["job"])
            try await eventually("it has failed") {
                try await shop.call("job.show", ["job": failing])["state"] == "failed"
            }
            #expect(try await shop.call("job.show", ["job": failing])["error"]?.string?.isEmpty == false)
        }
    }
}
