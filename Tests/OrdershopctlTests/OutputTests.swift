import Foundation
import JSON
import JSONRPC
import Testing

@Suite(.timeLimit(.minutes(2))) struct `The output` {
    @Test func `of create is the id alone`() async throws {
        let (ctl, _) = try await FakeDaemon.run(
            "customer", "create", "--name", "A", "--email", "a@b", answer: "id-1")
        #expect(ctl.output == "id-1\n")
    }

    @Test func `of a list is a padded table with nothing cut`() async throws {
        let long = String(repeating: "x", count: 300)
        let (ctl, _) = try await FakeDaemon.run(
            "product", "list",
            answer: [
                ["id": "1", "name": "Tea", "price": 12], ["id": "22", "name": .string(long), "price": 3],
                ["id": "3", "name": "日本茶", "price": 100, "note_1": nil],
            ])
        #expect(
            ctl.output == """
                ID  NAME\(String(repeating: " ", count: 296))  PRICE  NOTE 1
                1   Tea\(String(repeating: " ", count: 297))     12
                22  \(long)      3
                3   日本茶\(String(repeating: " ", count: 294))    100

                """)
    }

    @Test func `of orders counts the pieces as the options take them`() async throws {
        let (ctl, _) = try await FakeDaemon.run(
            "order", "get", "O", answer: ["id": "O", "product_ids": ["P", "Q", "P", "P"], "customer_id": "C"])
        #expect(ctl.output == "id           O\nproduct ids  P*3, Q\ncustomer id  C\n")
    }

    @Test func `of a list of orders fits, and --json has all of it`() async throws {
        let order: JSONValue = ["id": "O", "product_ids": ["P"], "number": 1, "lines": [["product_id": "P"]]]
        let (ctl, _) = try await FakeDaemon.run("order", "list", answer: [order])
        #expect(ctl.output == "ID  NUMBER\nO        1\n")
        let (json, _) = try await FakeDaemon.run("order", "list", "--json", answer: [order])
        #expect(json.output == JSONValue.array([order]).text + "\n")
    }

    /// Three pages of two.
    private func withPages(
        _ arguments: [String], columns: Int? = nil
    ) async throws -> (ctl: Ctl, asked: [String]) {
        let daemon = FakeDaemon { (call) throws(JSONRPCError) in
            let number = Int(call.params?["cursor"]?.string ?? "0") ?? 0
            let count = call.params?["limit"]?.number?.int64 == 1 ? 1 : 2
            let items = (0..<count).map { JSONValue.object(JSONObject([("id", .string("\(number + $0)"))])) }
            let next = number + count
            return next < 6 ? ["items": .array(items), "next": .string("\(next)")] : ["items": .array(items)]
        }
        let ctl = try await daemon.serve { path in
            try await Ctl.run(arguments, environment: ["ORDERSHOP_SOCKET": path], columns: columns)
        }
        return (ctl, daemon.asked)
    }

    @Test func `of a list comes by pages, all of them or as many as are wanted`() async throws {
        let all = try await withPages(["product", "list"])
        #expect(all.ctl.output == "ID\n0\n1\n2\n3\n4\n5\n" && all.asked.count == 3 && all.ctl.errors == "")
        let json = try await withPages(["product", "list", "--json"])
        #expect(json.ctl.output == (0..<6).map { #"{"id":"\#($0)"}"# }.joined(separator: ",").list + "\n")
        let some = try await withPages(["product", "list", "--limit", "3"])
        #expect(some.ctl.output == "ID\n0\n1\n2\n")
        #expect(some.asked.last == #"product.list {"limit":1,"cursor":"2"}"#)
        #expect(some.ctl.errors.contains("--cursor 3 goes on"))
        let export = try await withPages(["export", "product", "--format", "csv"])
        #expect(export.ctl.output == "id\n0\n1\n2\n3\n4\n5\n")
    }

    @Test func `of billings has local times`() async throws {
        let (ctl, _) = try await FakeDaemon.run(
            "billing", "get", "B",
            answer: [
                "id": "B", "order_id": "O", "done": .number(.init(unscaled: 15_486_996_795, fractionDigits: 1)),
            ])
        let lines = ctl.output.split(separator: "\n")
        #expect(lines.prefix(2) == ["id        B", "order id  O"])
        #expect(lines.last?.hasPrefix("done      2019-01-28 18:21:19 (") == true)
    }

    @Test func `of an empty list says so`() async throws {
        let (ctl, _) = try await FakeDaemon.run("customer", "list", answer: [])
        #expect(ctl.output == "There are no customers.\n")
    }

    @Test func `of a change says that it is done`() async throws {
        let (ctl, _) = try await FakeDaemon.run("module", "disable", "crm", answer: true)
        #expect(ctl.output == "The module crm is disabled.\n")
    }

    @Test func `with --json is the result as it came`() async throws {
        let answer = try JSONValue(parsing: #"[{"z":1.50,"a":"ä\u0007\n"},{"b":null}]"#.utf8)
        let (ctl, _) = try await FakeDaemon.run("product", "list", "--json", answer: answer)
        #expect(ctl.output == #"[{"z":1.50,"a":"ä\u0007\n"},{"b":null}]"# + "\n")
    }

    @Test func `of call is JSON for people`() async throws {
        let answer = try JSONValue(parsing: #"{"a":[1.50,{}],"b":[],"c":{"d":"x\n"}}"#.utf8)
        let (ctl, _) = try await FakeDaemon.run("call", "m", answer: answer)
        #expect(
            ctl.output == #"""
                {
                  "a": [
                    1.50,
                    {}
                  ],
                  "b": [],
                  "c": {
                    "d": "x\n"
                  }
                }

                """#)
    }

    @Test func `cannot steer the terminal`() async throws {
        let (ctl, _) = try await FakeDaemon.run(
            "customer", "list", answer: [["id": "1", "name": "a\u{1B}]0;x\u{7}\nb\u{202E}c\u{9B}"]])
        #expect(ctl.output == "ID  NAME\n1   a\\u{1B}]0;x\\u{07}\\nb\\u{202E}c\\u{009B}\n")
    }

    @Test(.enabled(if: Ctl.hasTerminal, "script(1) is missing"), arguments: ["", "1"])
    func `fits the terminal, and is plain where NO_COLOR is set`(noColor: String) async throws {
        let (ctl, _) = try await FakeDaemon.run(
            ["customer", "list"],
            answer: [["id": "0123456789", "name": "A name that is far too long", "mail": "a@b"]],
            environment: ["NO_COLOR": noColor, "TERM": "xterm"], columns: 32)
        let heading = "ID          NAME            MAIL"
        #expect(
            ctl.output.split(separator: "\r\n").map(String.init) == [
                noColor.isEmpty ? "\u{1B}[1m\(heading)\u{1B}[0m" : heading, "0123456789  A name that i…  a@b",
            ])
    }

    @Test func `of module list shows states and errors`() async throws {
        let (ctl, _) = try await FakeDaemon.run(
            "module", "list",
            answer: [
                ["name": "crm", "enabled": true, "state": "running", "lag": 0, "handled": 120, "error": nil],
                [
                    "name": "mail", "enabled": true, "state": "backing off", "lag": 3, "handled": 7,
                    "error": "no room",
                ],
            ])
        #expect(
            ctl.output == """
                NAME  ENABLED  STATE        LAG  HANDLED  ERROR
                crm   yes      running        0      120
                mail  yes      backing off    3        7  no room

                """)
    }
}

@Suite(.timeLimit(.minutes(2))) struct `The status` {
    private func status(connected: Bool = true, _ modules: [(String, String)]) -> JSONValue {
        [
            "version": "0.1.0", "shop": "", "pid": 7, "started_at": 1_548_699_679,
            "redis": [
                "address": "unix:///r", "connected": .bool(connected), "version": "7.0.15", "embedded": true,
            ],
            "modules": .array(modules.map { ["name": .string($0.0), "state": .string($0.1), "lag": 0] }),
            "new": [1, 2],
        ]
    }

    @Test(
        arguments: [
            (true, [("crm", "running"), ("mail", "standby")], "OrderShop 0.1.0 is running, all is well."),
            (true, [("crm", "disabled")], "OrderShop 0.1.0 is running, all is well. Switched off: crm."),
            (
                true, [("crm", "failed"), ("mail", "backing off"), ("order", "running")],
                "OrderShop 0.1.0 is running, but not all is well: crm is failed, mail is backing off."
            ),
            (
                false, [("crm", "failed")],
                "OrderShop 0.1.0 has no connection to Redis: nothing can be changed until it is back."
            ),
        ] as [(Bool, [(String, String)], String)])
    func `begins with a verdict`(connected: Bool, modules: [(String, String)], verdict: String) async throws {
        let (ctl, _) = try await FakeDaemon.run("status", answer: status(connected: connected, modules))
        #expect(ctl.output.split(separator: "\n").first.map(String.init) == verdict)
        // For scripts and monitoring.
        #expect(ctl.status == (verdict.contains("all is well") && !verdict.contains("not all") ? 0 : 1))
    }

    @Test func `is not well while an event is parked`() async throws {
        let (ctl, _) = try await FakeDaemon.run(
            "status", answer: ["version": "0.1.0", "modules": [["name": "crm", "state": "running", "parked": 1]]])
        #expect(ctl.output.hasPrefix("OrderShop 0.1.0 is running, but not all is well: 1 parked event of crm.\n"))
        #expect(ctl.status == 1)
    }

    @Test func `shows every field that says something, and the modules`() async throws {
        let (ctl, _) = try await FakeDaemon.run("status", answer: status([("crm", "running")]))
        #expect(
            ctl.output == """
                OrderShop 0.1.0 is running, all is well.

                version     0.1.0
                pid         7
                started at  2019-01-28 18:21:19 (\(Int((Date.now.timeIntervalSince1970 - 1_548_699_679) / 86_400 + 0.5)) days ago)
                redis       address unix:///r, connected yes, version 7.0.15, embedded yes
                new         1, 2

                NAME  STATE    LAG
                crm   running    0

                """)
    }
}

extension String {
    fileprivate var list: String { "[\(self)]" }
}
