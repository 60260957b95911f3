import JSON
import JSONRPC
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The description of the control socket` {
    @Test
    func `is an OpenRPC document: every method once, with parameters, result, errors that exist and an example`()
        async throws
    {
        try await withShop { shop in
            let document = try await shop.call("rpc.discover")
            #expect(document["openrpc"] == "1.3.2")
            #expect(document["info"]?["title"] == "OrderShop")
            let methods = try #require(document["methods"]?.array)
            let names = methods.compactMap { $0["name"]?.string }
            #expect(names.count == methods.count && Set(names).count == names.count)
            let listed = try await shop.call("rpc.methods").array ?? []
            #expect(names == listed.compactMap { $0["name"]?.string })
            let errors = try #require(document["components"]?["errors"]?.object)
            #expect(
                errors.members.allSatisfy { $0.value["code"]?.number != nil && $0.value["message"]?.string != nil })
            for method in methods {
                let name = method["name"]?.string ?? ""
                #expect(method["paramStructure"] == "by-name", "\(name)")
                for parameter in method["params"]?.array ?? [.null] {
                    #expect(parameter["name"]?.string != nil && parameter["schema"]?.object != nil, "\(name)")
                }
                #expect(method["result"]?["schema"]?.object?.members.isEmpty == false, "\(name)")
                for error in method["errors"]?.array ?? [.null] {
                    let reference = try #require(error["$ref"]?.string, "\(name)")
                    #expect(errors[String(reference.dropFirst("#/components/errors/".count))] != nil, "\(name)")
                }
                #expect(method["examples"]?.array?.count == 1, "\(name)")
                #expect(["viewer", "operator", "admin"].contains(method["x-role"]?.string), "\(name)")
            }
        }
    }

    @Test func `has examples that are taken, or refused for one of the reasons that it names`() async throws {
        try await withShop { shop in
            let methods = try await shop.call("rpc.discover")["methods"]?.array ?? []
            #expect(methods.count > 60)
            for method in methods {
                let name = try #require(method["name"]?.string)
                if name == "daemon.shutdown" { continue }
                let example = (method["examples"]?.array?.first?["params"]?.array ?? []).map {
                    ($0["name"]?.string ?? "", $0["value"] ?? .null)
                }
                #expect(
                    try await shop.call(
                        "rpc.check", ["method": .string(name), "params": .object(JSONObject(example))]) == true,
                    "\(name)")
                do { _ = try await shop.call(name, .object(JSONObject(example))) } catch let error as JSONRPCError {
                    let reasons = (method["errors"]?.array ?? []).compactMap {
                        $0["$ref"]?.string?.split(separator: "/").last
                    }
                    let reason = error.data?["reason"]?.string ?? "none"
                    #expect(reasons.contains { $0 == reason }, "\(name): \(error.message)")
                    #expect(reason != "internal-error", "\(name): \(error.message)")
                }
                // What an example has switched off, or put elsewhere.
                if name == "module.disable" { try await shop.setEnabled(true, "crm") }
            }
        }
    }

    @Test func `checks calls without doing them`() async throws {
        try await withShop { shop in
            let ada: JSONValue = ["name": "Ada", "email": "ada@example.org"]
            let calls: [(String, JSONValue, String?)] = [
                ("customer.create", ada, nil), ("customer.create", ["name": "Ada"], "invalid"),
                ("customer.crate", ada, "unknown-method"),
            ]
            for (method, params, expected) in calls {
                let reason = try await shop.reason("rpc.check", ["method": .string(method), "params": params])
                #expect(reason == expected)
            }
            let customers = try await shop.call("customer.list")
            #expect(customers == [])
        }
    }

    @Test func `ends with the daemon in good order when that is asked for`() async throws {
        try await withShop { shop in
            #expect(try await shop.call("daemon.shutdown") == true)
            try await eventually("it ends") { !shop.daemon.isRunning }
            #expect(shop.daemon.log.contains("stopped"))
        }
    }
}
