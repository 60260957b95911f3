import Foundation
import JSON
import JSONRPC
import Testing

@Suite(.timeLimit(.minutes(2))) struct `The exit code` {
    @Test(arguments: [
        "", "order", "bogus", "order bogus", "customer get", "customer get A B", "customer create --name x",
        "product create --name x --price abc", "product create --name x --price 1e3",
        "product create --name x --price 1,5", "product create --name x --price 01", "order create --customer C",
        "order create --customer C --product P*0", "order create --customer C --product P*x",
        "order create --customer C --product *2", "inventory create --product P --amount 1.5",
        "customer list --timeout 0", "customer list --timeout abc", "customer list --bogus", "call", "call m 3",
        "call m {", "call m null",
    ])
    func `is 2 for wrong usage, with a reason and no call`(line: String) async throws {
        let (ctl, asked) = try await FakeDaemon.run(line.split(separator: " ").map(String.init))
        #expect(ctl.status == 2)
        #expect(ctl.output == "")
        #expect(!ctl.errors.isEmpty)
        #expect(asked == [])
    }

    @Test(arguments: ["--help", "order --help", "help order create", "order create -h"])
    func `is 0 for help`(line: String) async throws {
        let (ctl, _) = try await FakeDaemon.run(line.split(separator: " ").map(String.init))
        #expect(ctl.status == 0)
        #expect(ctl.output.contains("USAGE: ordershopctl"))
        #expect(ctl.errors == "")
    }

    @Test func `is 1 when the daemon refuses, with what is wrong where`() async throws {
        let daemon = FakeDaemon { _ throws(JSONRPCError) in
            throw JSONRPCError(
                code: 422, message: "The product is not valid.",
                data: ["errors": [["pointer": "/price", "detail": "is negative"], ["detail": "is odd\u{1B}[31m"]]])
        }
        let ctl = try await daemon.serve { path in
            try await Ctl.run(["product", "create", "--name", "x", "--price=-1", "--socket", path])
        }
        #expect(ctl.status == 1)
        #expect(ctl.output == "")
        #expect(ctl.errors == "The product is not valid.\n  /price: is negative\n  is odd\\u{1B}[31m\n")
    }

    @Test func `is 1 for an entity that is not there`() async throws {
        let (ctl, _) = try await FakeDaemon.run("customer", "get", "C", answer: nil)
        #expect(ctl == Ctl(status: 1, output: "", errors: "There is no such customer: C\n"))
        let (json, _) = try await FakeDaemon.run("customer", "get", "C", "--json", answer: nil)
        #expect(json == Ctl(status: 1, output: "null\n", errors: "There is no such customer: C\n"))
    }

    @Test func `is 3 where there is no socket, with the way out`() async throws {
        let ctl = try await Ctl.run(["status", "--socket", "/nowhere/s"])
        #expect(ctl.status == 3)
        #expect(ctl.output == "")
        #expect(ctl.errors.contains("no socket /nowhere/s"))
        #expect(ctl.errors.contains("systemctl start ordershopd"))
    }

    @Test func `is 3 where nobody listens`() async throws {
        // To connect to something that is no socket is refused as well.
        let ctl = try await Ctl.run(["status"], environment: ["ORDERSHOP_SOCKET": "/dev/null"])
        #expect(ctl.status == 3)
        #expect(ctl.errors.contains("not running"))
    }

    @Test func `is 3 when no answer comes in time`() async throws {
        let daemon = FakeDaemon { _ throws(JSONRPCError) in
            try? await Task.sleep(for: .seconds(60))
            return true
        }
        let begin = ContinuousClock.now
        let ctl = try await daemon.serve { path in
            try await Ctl.run(["status", "--timeout", "0.2", "--socket", path])
        }
        #expect(ctl.status == 3)
        #expect(ctl.errors.contains("--timeout"))
        #expect(ContinuousClock.now - begin < .seconds(30))
    }
}
