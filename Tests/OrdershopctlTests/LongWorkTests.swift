import JSON
import JSONRPC
import Synchronization
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) final class `Work that takes long`: Sendable {
    private let state = Mutex<JSONObject>(JSONObject([("state", "running")]))

    /// A daemon that does everything as job 7, which is as the test says.
    private func withDaemon(_ body: @Sendable (String) async throws -> Void) async throws -> [String] {
        let daemon = FakeDaemon { (call) throws(JSONRPCError) in
            call.method == "job.show" ? .object(self.state.withLock(\.self)) : ["job": 7]
        }
        try await daemon.serve(body)
        return daemon.asked
    }

    private func set(_ members: [(String, JSONValue)]) { self.state.withLock { $0 = JSONObject(members) } }

    @Test func `shows a bar with rate and time left, and its result in the end`() async throws {
        self.set([("state", "running"), ("progress", ["done": 500, "total": 1_000])])
        let asked = try await withDaemon { socket in
            try await PseudoTerminal.run("projection", "verify", "--socket", socket) { terminal in
                try await terminal.expect("███████████████░░░░░░░░░░░░░░░ 500 of 1000")
                try await terminal.expect("left")
                self.set([
                    ("state", "done"), ("result", ["differences": 0, "mended": 0, "unsettled": 0, "compared": []]),
                ])
                try await terminal.expect("Everything is as the events say.")
                #expect(try await terminal.exitCode() == 0)
            }
        }
        #expect(asked.first == #"projection.verify {"job":true}"#)
    }

    @Test func `goes on without whoever pressed Ctrl-C, and says how to go on`() async throws {
        self.set([("state", "running"), ("progress", ["done": 1, "total": 1_000])])
        let asked = try await withDaemon { socket in
            try await PseudoTerminal.run("retention", "apply", "--before", "1-1", "-y", "--socket", socket) {
                terminal in
                try await terminal.expect("1 of 1000")
                terminal.interrupt()
                try await terminal.expect("ordershopctl job watch 7")
                try await terminal.expect("ordershopctl job cancel 7")
                #expect(try await terminal.exitCode() == 1)
            }
        }
        #expect(!asked.contains { $0.hasPrefix("job.cancel") })
    }

    @Test func `can be watched by whoever knows its number`() async throws {
        self.set([("state", "running"), ("method", "archive.verify"), ("progress", ["done": 1, "total": 4])])
        _ = try await withDaemon { socket in
            try await PseudoTerminal.run("job", "watch", "7", "--socket", socket) { terminal in
                try await terminal.expect("archive.verify")
                try await terminal.expect("1 of 4")
                self.set([("state", "done"), ("method", "archive.verify"), ("result", ["events": 4])])
                try await terminal.expect("events")
                #expect(try await terminal.exitCode() == 0)
            }
        }
    }

    @Test func `is a replay that is waited for, too`() async throws {
        self.set([("lag", 40), ("replay", ["until": "9-9"])])
        let daemon = FakeDaemon { (call) throws(JSONRPCError) in
            call.method == "module.show" ? .object(self.state.withLock(\.self)) : ["name": "crm", "from": "1-2"]
        }
        try await daemon.serve { socket in
            let line = ["module", "replay", "crm", "--from", "1-2", "--wait", "--socket", socket]
            async let ctl = Ctl.run(line)
            try await eventually("it looks how far it is") {
                daemon.asked.count { $0.hasPrefix("module.show") } > 1
            }
            self.set([("lag", 0)])
            #expect(try await ctl.status == 0)
        }
    }

    @Test func `that fails says why`() async throws {
        self.set([("state", "failed"), ("error", "no such archive")])
        _ = try await withDaemon { socket in
            let ctl = try await Ctl.run(["archive", "verify", "x", "--socket", socket])
            #expect(ctl.status == 1 && ctl.errors == "no such archive\n")
        }
    }
}
