import JSON
import JSONRPC
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The table of methods` {
    @Test func `is an OpenRPC document, whose every example may be called`() async throws {
        try await withShop { shop in
            let document = try await shop.call("rpc.discover")
            #expect(SchemaCheck(root: SchemaCheck.openRPC).problems(document, SchemaCheck.openRPC) == [])
            let methods = document["methods"]?.array ?? []
            #expect(methods.count > 70)
            let check = SchemaCheck(root: document)
            // Its example ends the daemon: it has a test of its own.
            for method in methods where method["name"] != "daemon.shutdown" {
                for example in method["examples"]?.array ?? [] {
                    try await tryOut(example, of: method, check, in: shop)
                }
                #expect(method["examples"]?.array?.isEmpty == false)
            }
        }
    }

    /// It ends with a result of the described kind, or with an error that is described.
    private func tryOut(
        _ example: JSONValue, of method: JSONValue, _ check: SchemaCheck, in shop: Shop
    ) async throws {
        let name = method["name"]?.string ?? ""
        let params = JSONObject(
            (example["params"]?.array ?? []).map { ($0["name"]?.string ?? "", $0["value"] ?? .null) })
        do {
            let result = try await shop.call(name, .object(params))
            // A get answers null where there is nothing.
            if result == .null { return }
            #expect(check.problems(result, method["result"]?["schema"] ?? true) == [], "\(name): \(result.text)")
        } catch let error as JSONRPCError {
            let described = (method["errors"]?.array ?? []).compactMap {
                $0["$ref"]?.string?.split(separator: "/").last.map(String.init)
            }
            let reason = error.data?["reason"]?.string ?? ""
            #expect(described.contains(reason), "\(name): \(error)")
            #expect(reason != "internal-error" && reason != "forbidden", "\(name): \(error)")
        }
    }

    @Test func `errors say for programs what they are about`() async throws {
        try await withShop { shop in
            func data(_ method: String, _ params: JSONValue) async -> JSONValue? {
                do { _ = try await shop.call(method, params) } catch { return (error as? JSONRPCError)?.data }
                return nil
            }
            #expect(
                await data("customer.delete", ["id": .string(nobody)])?["entity"]?.string == "customer:\(nobody)")
            try await shop.setEnabled(false, "customer")
            let off = await data("customer.create", customer("Ada"))
            #expect(off?["reason"] == "module-disabled")
            #expect(off?["module"] == "customer")
            #expect(off?["retry_after"]?.number != nil)
            #expect(await data("nothing.here", [:])?["reason"] == "unknown-method")
        }
    }
}
