import JSON
import JSONRPC
import Synchronization
import TestKit
import Testing

@testable import ordershopctl

@Suite(.timeLimit(.minutes(2))) struct `The live view` {
    private static func status(_ states: [(name: String, state: String)]) -> JSONValue {
        [
            "version": "0.1.0", "redis": ["connected": true, "version": "7.0.15", "keeps": "all but a second"],
            "modules": .array(
                states.map { ["name": .string($0.name), "state": .string($0.state), "lag": 3, "handled": 120] }),
        ]
    }

    private var view: TopView {
        var view = TopView()
        view.update(Self.status([("crm", "running"), ("mail", "disabled")]))
        return view
    }

    @Test func `shows the verdict, Redis, each module with what is chosen, and the keys`() {
        let lines = view.lines(columns: 70, rows: 12, isStyled: false)
        #expect(
            lines == [
                "OrderShop 0.1.0 is running, all is well. Switched off: mail.",
                "Redis 7.0.15, keeps all but a second   0 events/s", "",
                "  NAME  STATE     LAG  RATE  PARKED  HANDLED", "▶ crm   running     3                    120",
                "  mail  disabled    3                    120", "", "", "", "", "",
                "↑↓ choose  e enable  d disable  i inspect  r retry parked  q quit",
            ])
    }

    @Test(arguments: [(20, 6), (40, 3), (200, 60), (1, 1)])
    func `never has more lines or columns than the terminal`(columns: Int, rows: Int) {
        var view = view
        for number in 0..<300 {
            view.add([
                "id": "1-1", "topic": "customer", "action": "created", "entity": ["id": .string("\(number)")],
            ])
        }
        let lines = view.lines(columns: columns, rows: rows, isStyled: false)
        #expect(lines.count <= rows)
        // A table has columns that are not made narrower.
        #expect(lines.allSatisfy { $0.columns <= max(columns, 60) })
    }

    @Test func `asks before it disables, and takes anything but y for no`() {
        var view = view
        #expect(view.press(.character("d")) == .nothing)
        #expect(view.lines(columns: 80, rows: 12, isStyled: false).last == "Disable crm? [y/N]")
        #expect(view.press(.character("x")) == .nothing)
        #expect(view.press(.character("y")) == .nothing)
        _ = view.press(.down)
        _ = view.press(.character("d"))
        let disable = Request("module.disable", ["name": "mail"])
        #expect(view.press(.character("y")) == .call(disable, done: "mail is disabled."))
    }

    @Test func `takes keys apart that come at once`() {
        let bytes = Array("jk\u{1B}[A\u{1B}OB\r\u{3}".utf8)
        #expect(
            Key.keys(in: bytes) == [.character("j"), .character("k"), .up, .down, .enter, .interrupt])
    }

    @Test func `enables what is chosen, and leaves the terminal as it was`() async throws {
        let state = Mutex("disabled")
        let daemon = FakeDaemon { (call) throws(JSONRPCError) in
            if call.method == "module.enable" { state.withLock { $0 = "running" } }
            return call.method == "daemon.status" ? Self.status([("crm", state.withLock(\.self))]) : true
        }
        try await daemon.serve { socket in
            try await PseudoTerminal.run("top", "--socket", socket) { terminal in
                try await terminal.expect("▶ crm")
                terminal.type("e")
                try await terminal.expect("crm is enabled.")
                terminal.type("q")
                #expect(try await terminal.exitCode() == 0)
                try await terminal.expect("\u{1B}[?1049l")
                #expect(terminal.output.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
            }
        }
        #expect(daemon.asked.contains(#"module.enable {"name":"crm"}"#))
    }

    @Test func `goes on when the daemon goes away and comes back`() async throws {
        let isAway = Mutex(false)
        let daemon = FakeDaemon { (_) throws(JSONRPCError) in
            if isAway.withLock(\.self) { throw JSONRPCError(code: -32_005, message: "Redis is away") }
            return Self.status([("crm", "running")])
        }
        try await daemon.serve { socket in
            try await PseudoTerminal.run("top", "--socket", socket) { terminal in
                try await terminal.expect("▶ crm")
                isAway.withLock { $0 = true }
                try await terminal.expect("Redis is away")
                isAway.withLock { $0 = false }
                terminal.type("\u{3}")
                #expect(try await terminal.exitCode() == 0)
            }
        }
    }

    @Test func `needs a terminal`() async throws {
        let (ctl, _) = try await FakeDaemon.run("top", answer: [:])
        #expect(ctl.status == 2)
        #expect(ctl.errors.contains("status --json"))
    }
}
