import JSON
import Testing

@Suite(.timeLimit(.minutes(2))) struct `What cannot be taken back` {
    private static let commands = [
        ["parked", "discard", "crm", "--all"], ["module", "enable", "crm", "--from", "now"],
        ["module", "enable", "crm", "--skip-effects-before", "2026-01-30T00:00:00Z"],
        ["module", "replay", "crm", "--from", "beginning", "--effects", "all"],
        ["retention", "apply", "--before", "2026-01-30T00:00:00Z"], ["archive", "restore", "a.ndjson.gz"],
    ]

    @Test(arguments: commands) func `is not done where nobody can be asked`(arguments: [String]) async throws {
        let (ctl, asked) = try await FakeDaemon.run(arguments, answer: true)
        #expect(ctl.status == 2)
        #expect(ctl.errors.contains("--yes"))
        #expect(asked.isEmpty)
    }

    @Test(arguments: commands) func `is done with --yes`(arguments: [String]) async throws {
        let (ctl, asked) = try await FakeDaemon.run(arguments + ["--yes"], answer: [:])
        #expect(ctl.status == 0, "\(ctl.errors)")
        #expect(asked.count == 1)
    }

    @Test(arguments: [("y\r", 0, 1), ("n\r", 1, 0), ("\r", 1, 0)] as [(String, Int32, Int)])
    func `is asked about on a terminal, and done after a yes only`(
        answer: String, code: Int32, calls: Int
    ) async throws {
        let daemon = FakeDaemon { _ in ["discarded": 2] }
        try await daemon.serve { socket in
            try await PseudoTerminal.run("parked", "discard", "crm", "--all", "--socket", socket) { terminal in
                try await terminal.expect("will never be handled by crm. Go on? [y/N]")
                terminal.type(answer)
                #expect(try await terminal.exitCode() == code)
            }
        }
        #expect(daemon.asked.count == calls)
    }

    @Test(arguments: [
        ["module", "enable", "crm"], ["module", "enable", "crm", "--from", "now", "--preview"],
        ["module", "replay", "crm", "--from", "beginning"], ["retention", "apply", "--before", "1-1", "--dry-run"],
        ["customer", "delete", "C"],
    ]) func `is not mistaken for what can`(arguments: [String]) async throws {
        let (ctl, asked) = try await FakeDaemon.run(arguments, answer: [:])
        #expect(ctl.status == 0, "\(ctl.errors)")
        #expect(asked.count == 1)
    }
}
