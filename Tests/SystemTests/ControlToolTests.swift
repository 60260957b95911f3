import Foundation
import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `ordershopctl at a running daemon` {
    @Test func `shows how the daemon is`() async throws {
        try await withShop { shop in
            let status = try await shop.ctl("status")
            #expect(status.exitCode == 0)
            #expect(status.output.contains("all is well"))
            let json = try JSONValue(parsing: try await shop.ctl("--json", "status").output.utf8.dropLast())
            #expect(json["pid"]?.number?.int64 == shop.daemon.processID.map(Int64.init))
            #expect(json["rest"]?.string == "http://127.0.0.1:\(shop.daemon.port)")
            #expect(json["socket"]?.string == shop.daemon.socketPath)
            #expect(json["redis"]?["connected"] == true)
            #expect(json["redis"]?["embedded"] == true)
            #expect(json["modules"]?.array?.count == Shop.allModules.count)
        }
    }

    @Test func `lists and switches modules`() async throws {
        try await withShop { shop in
            func states() async throws -> [String: Bool] {
                let list = try JSONValue(
                    parsing: try await shop.ctl("module", "list", "--json").output.utf8.dropLast())
                return (list.array ?? []).reduce(into: [:]) { $0[$1["name"]?.string ?? ""] = $1["enabled"]?.bool }
            }
            let atFirst = Shop.allModules.map { ($0, !Shop.offAtFirst.contains($0)) }
            #expect(try await states() == Dictionary(uniqueKeysWithValues: atFirst))
            #expect(try await shop.ctl("module", "disable", "crm").exitCode == 0)
            #expect(try await states()["crm"] == false)
            #expect(try await shop.ctl("module", "list").output.contains("disabled"))
            #expect(try await shop.ctl("status").output.contains("crm"))
            #expect(try await shop.ctl("module", "enable", "crm").exitCode == 0)
            #expect(try await states()["crm"] == true)
            let work = try await shop.call("module.show", ["name": "cart"])["periodic_work"]
            #expect(work == [["name": "expiry", "every": 60]])
            #expect(try await shop.ctl("module", "show", "cart").output.contains("expiry"))
            let unknown = try await shop.ctl("module", "disable", "crn")
            #expect(unknown.exitCode == 1)
            #expect(unknown.errors.contains("crn"))
        }
    }

    @Test func `creates, shows, changes and deletes a customer`() async throws {
        try await withShop { shop in
            let made = try await shop.ctl("customer", "create", "--name", "Ada Ü", "--email", "ada@example.org")
            #expect(made.exitCode == 0)
            let id = String(made.output.dropLast())
            #expect(id.wholeMatch(of: UUIDs.pattern) != nil)
            #expect(try await shop.get("/customer/\(id)")["name"] == "Ada Ü")
            #expect(try await shop.ctl("customer", "get", id).output.contains("Ada Ü"))
            let list = try await shop.ctl("customer", "list", "--json").output
            #expect(try await JSONValue(parsing: list.utf8.dropLast()) == shop.get("/customers"))
            let change = try await shop.ctl(
                "customer", "update", id, "--name", "Eve", "--email", "eve@example.org")
            #expect(change.exitCode == 0)
            #expect(try await shop.get("/customer/\(id)")["name"] == "Eve")
            #expect(try await shop.ctl("customer", "delete", id).exitCode == 0)
            #expect(try await shop.get("/customer/\(id)") == .null)
            let gone = try await shop.ctl("customer", "get", id)
            #expect(gone.exitCode == 1)
            #expect(gone.errors.contains(id))
        }
    }

    @Test func `sells, bills and shows what is unbilled`() async throws {
        try await withShop { shop in
            func id(_ result: CommandResult) throws -> String {
                try #require(result.exitCode == 0, "\(result)")
                return String(result.output.dropLast())
            }
            let tea = try id(await shop.ctl("product", "create", "--name", "Tea", "--price", "12.50"))
            let stock = try id(await shop.ctl("inventory", "create", "--product", tea, "--amount", "5"))
            let ada = try id(await shop.ctl("customer", "create", "--name", "A", "--email", "a@example.org"))
            let first = try id(await shop.ctl("order", "create", "--customer", ada, "--product", "\(tea)*3"))
            #expect(try await shop.ctl("order", "unbilled").output.contains(first))
            #expect(try await shop.ctl("inventory", "increment", stock, "--by", "2").exitCode == 0)
            #expect(try await shop.get("/inventory/\(stock)")["amount"] == 4)
            let much = try await shop.ctl("order", "create", "--customer", ada, "--product", "\(tea)*5")
            #expect(much.exitCode == 1)
            #expect(much.errors.contains("out of stock"))
            _ = try id(await shop.ctl("billing", "create", "--order", first))
            #expect(try await !shop.ctl("order", "unbilled").output.contains(first))
            try await shop.settle()
            #expect(try await shop.ctl("crm", "interactions", ada).output.contains("welcome"))
            #expect(try await shop.ctl("mail", "list").output.contains("a@example.org"))
        }
    }

    @Test func `calls any method`() async throws {
        try await withShop { shop in
            let made = try await shop.ctl("call", "customer.create", customer("Ada").text)
            #expect(made.exitCode == 0)
            let id = try JSONValue(parsing: made.output.utf8.dropLast()).string ?? ""
            #expect(try await shop.get("/customer/\(id)")["name"] == "Ada")
            let piped = try await shop.ctl("call", "customer.get", "-", input: #"{"id":"\#(id)"}"#)
            #expect(try await JSONValue(parsing: piped.output.utf8.dropLast()) == shop.get("/customer/\(id)"))
            #expect(try await shop.ctl("call", "customer.list").exitCode == 0)
            for arguments in [["customer.creat"], ["customer.create", "{}"], ["customer.get", #"{"ID":"x"}"#]] {
                let refused = try await shop.ctl("call", arguments[0], arguments.count > 1 ? arguments[1] : "{}")
                #expect(refused.exitCode == 1)
                #expect(!refused.errors.isEmpty && refused.output.isEmpty)
            }
        }
    }

    /// Runs a command that does not end by itself, for the time of the body, which is given all that it has printed.
    private static func follow(
        _ shop: Shop, _ arguments: String..., body: (() throws -> String) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let output = directory.path + "/output"
        let program = try Programs.path("ordershopctl")
        let process = try await ChildProcess.start(
            [program, "--socket", shop.daemon.socketPath] + arguments, output: output)
        try await body { try String(contentsOfFile: output, encoding: .utf8) }
        #expect(process.isRunning)
        process.signal(SIGINT)
    }

    @Test func `follows events as they happen, each once`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            let names = (0..<30).map { "Customer\($0)" }
            _ = try await shop.createOne("/customers", customer(names[0]))
            try await Self.follow(shop, "event", "tail", "--topic", "customer", "--json") { told in
                try await eventually("the first is shown") { try told().contains(names[0]) }
                for name in names.dropFirst() { _ = try await shop.createOne("/customers", customer(name)) }
                try await eventually("the last is shown") { try told().contains(names[29]) }
                let shown = try told().split(separator: "\n").map { try JSONValue(parsing: $0.utf8) }
                #expect(shown.map { $0["entity"]?["name"]?.string } == names)
            }
        }
    }

    @Test func `follows the log`() async throws {
        try await withShop { shop in
            try await Self.follow(shop, "daemon", "log", "--follow", "--level", "notice") { told in
                try await eventually("what was logged is shown") { try told().contains("OrderShop is ready") }
                try await shop.setEnabled(false, "crm")
                try await eventually("what is logged is shown") { try told().contains("module=crm") }
            }
        }
    }

    @Test func `tells by its exit code how it ended`() async throws {
        try await withShop { shop in
            #expect(try await shop.ctl("customer", "list").exitCode == 0)
            let refused = try await shop.ctl("customer", "create", "--name", "", "--email", "nowhere")
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("/name") && refused.errors.contains("/email"))
            #expect(try await shop.ctl("customer", "delete", nobody).exitCode == 1)
            for arguments in ["customer", "nonsense"] { #expect(try await shop.ctl(arguments).exitCode == 2) }
            #expect(try await shop.ctl("customer", "create", "--name", "x").exitCode == 2)
            #expect(try await shop.ctl("call", "customer.list", "{").exitCode == 2)
            #expect(try await shop.ctl("--help").exitCode == 0)
            await shop.daemon.stop()
            let unreachable = try await shop.ctl("status")
            #expect(unreachable.exitCode == 3)
            #expect(unreachable.errors.contains(shop.daemon.socketPath))
            shop.daemon.kill()
        }
    }
}
