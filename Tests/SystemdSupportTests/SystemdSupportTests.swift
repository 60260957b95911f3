import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import SystemdSupport

/// Serialized, because `NOTIFY_SOCKET` belongs to the process.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct `systemd is told` {
    let notifier = SystemdNotifier(logger: Logger(label: "test"))

    @Test func `that the daemon is ready`() throws {
        let systemd = try NotifySocket()
        notifier.ready()
        #expect(systemd.next() == ["READY=1"])
    }

    @Test func `that the daemon is stopping`() throws {
        let systemd = try NotifySocket()
        notifier.stopping()
        #expect(systemd.next() == ["STOPPING=1"])
    }

    @Test func `a sentence for the status`() throws {
        let systemd = try NotifySocket()
        notifier.status("7 of 8 modules serve; crm is off")
        #expect(systemd.next() == ["STATUS=7 of 8 modules serve; crm is off"])
    }

    @Test(arguments: ["\n", "\r\n", "\u{0}", "\u{85}", "\u{2028}"])
    func `no second variable, whatever the sentence holds`(separator: String) throws {
        let systemd = try NotifySocket()
        notifier.status("a\(separator)MAINPID=1")
        let lines = try #require(systemd.next())
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("STATUS=a ") == true)
        #expect(lines.first?.hasSuffix("MAINPID=1") == true)
    }

    @Test func `a long sentence in short`() throws {
        let systemd = try NotifySocket()
        notifier.status(String(repeating: "ä", count: 100_000))
        #expect(systemd.next()?.first?.count == "STATUS=".count + SystemdNotifier.longestStatus)
    }

    @Test func `when the configuration is read again`() throws {
        let systemd = try NotifySocket()
        notifier.reloading()
        let lines = try #require(systemd.next())
        #expect(lines.first == "RELOADING=1")
        let stamp = try #require(lines.last?.split(separator: "=").last.flatMap { Int64($0) })
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        #expect((0...2).contains(Int64(now.tv_sec) - stamp / 1_000_000))
    }

    @Test func `that more time is needed`() throws {
        let systemd = try NotifySocket()
        notifier.extendTimeout(by: .seconds(30))
        #expect(systemd.next() == ["EXTEND_TIMEOUT_USEC=30000000"])
    }

    @Test func `nothing when it did not ask`() throws {
        unsetenv("NOTIFY_SOCKET")
        let log = Lines()
        let quiet = SystemdNotifier(logger: log.logger)
        quiet.ready()
        quiet.status("nobody listens")
        quiet.watchdog()
        #expect(log.all.isEmpty)
    }

    @Test func `nothing when it is gone, and the log tells`() throws {
        setenv("NOTIFY_SOCKET", "/tmp/ordershop-nobody-is-here", 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        let log = Lines()
        SystemdNotifier(logger: log.logger).ready()
        #expect(log.all == ["systemd could not be told about the daemon's state"])
    }

    @Test func `the watchdog's interval comes from the environment of this very process`() {
        #expect(SystemdNotifier.watchdogInterval == nil)
        setenv("WATCHDOG_USEC", "30000000", 1)
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        #expect(SystemdNotifier.watchdogInterval == .seconds(30))
        setenv("WATCHDOG_PID", "1", 1)
        #expect(SystemdNotifier.watchdogInterval == nil)
        unsetenv("WATCHDOG_USEC")
        unsetenv("WATCHDOG_PID")
    }

    @Test func `that the daemon lives while everything goes on`() async throws {
        let systemd = try NotifySocket()
        let work = Work()
        try await running(interval: .milliseconds(150), work) { _ in
            for _ in 1...3 { #expect(systemd.next() == ["WATCHDOG=1"]) }
        }
    }

    @Test func `nothing while something has stalled, which the log names, and again when it goes on`()
        async throws
    {
        let systemd = try NotifySocket()
        let work = Work()
        work.isStalled.store(true, ordering: .relaxed)
        try await running(interval: .milliseconds(150), patience: .milliseconds(200), work) { log in
            try await log.wait(for: "something has stalled, systemd will restart the daemon")
            while systemd.next(within: 0) != nil {}
            #expect(systemd.next(within: 400) == nil)
            #expect(log.all.count == 1)
            work.isStalled.store(false, ordering: .relaxed)
            #expect(systemd.next() == ["WATCHDOG=1"])
            try await log.wait(for: "everything goes on again")
        }
    }

    @Test func `nothing where no watchdog is wanted`() async throws {
        let systemd = try NotifySocket()
        try await running(interval: nil, Work()) { _ in
            #expect(systemd.next(within: 200) == nil)
        }
    }

    /// Something that counts on at each look, or stands still.
    private final class Work: Sendable {
        let isStalled = Atomic(false)
        private let steps = Atomic<UInt64>(0)

        func look() -> [Pulse] {
            if !isStalled.load(ordering: .relaxed) { steps.add(1, ordering: .relaxed) }
            return [Pulse(name: "work", activity: "working", steps: steps.load(ordering: .relaxed))]
        }
    }

    /// Runs the service in a group as the daemon does, and shuts the group down gracefully after `body`.
    private func running(
        interval: Duration?, patience: Duration? = nil, _ work: Work, body: (Lines) async throws -> Void
    ) async throws {
        let log = Lines()
        let watchdog = WatchdogService(
            notifier: SystemdNotifier(logger: log.logger), logger: log.logger, interval: interval,
            patience: patience, look: { work.look() })
        let group = ServiceGroup(services: [watchdog], logger: Logger(label: "group"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body(log)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

struct `A judge of stalls` {
    private func pulse(_ steps: UInt64, activity: String? = "working", patience: Duration? = nil) -> Pulse {
        Pulse(name: "work", activity: activity, steps: steps, patience: patience)
    }

    /// How often it has to look until it calls the pulse stalled, at most 100 times.
    private func looks(_ pulse: Pulse, _ judge: inout StallJudge, every elapsed: Duration) -> Int {
        (1...100).first { _ in !judge.judge([pulse], after: elapsed).isEmpty } ?? .max
    }

    @Test func `calls stalled what is at work and stands still for longer than its patience`() {
        var judge = StallJudge(patience: .seconds(30), period: .seconds(10))
        // The first look only sees where it stands; the fifth sees more than 30 s.
        #expect(looks(pulse(7), &judge, every: .seconds(10)) == 5)
        #expect(judge.judge([pulse(8)], after: .seconds(10)) == [])
    }

    @Test func `lets what is idle stand still, and counts anew when it has something to do`() {
        var judge = StallJudge(patience: .seconds(30), period: .seconds(10))
        #expect(looks(pulse(7, activity: nil), &judge, every: .seconds(10)) == .max)
        #expect(looks(pulse(7), &judge, every: .seconds(10)) == 5)
    }

    @Test func `waits longer for what has more patience`() {
        var judge = StallJudge(patience: .seconds(30), period: .seconds(10))
        #expect(looks(pulse(7, patience: .seconds(300)), &judge, every: .seconds(10)) == 32)
    }

    @Test func `takes a pause of the whole process for nobody's stall`() {
        var judge = StallJudge(patience: .seconds(30), period: .seconds(10))
        _ = judge.judge([pulse(7)], after: .seconds(10))
        #expect(judge.judge([pulse(7)], after: .seconds(3_600)) == [])
        #expect(judge.judge([pulse(8)], after: .seconds(10)) == [])
    }
}
