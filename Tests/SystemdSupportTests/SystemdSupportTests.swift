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

    @Test func `that the daemon lives while it is healthy`() async throws {
        let systemd = try NotifySocket()
        try await running(interval: .milliseconds(150), health: { true }) { _ in
            for _ in 1...3 { #expect(systemd.next() == ["WATCHDOG=1"]) }
        }
    }

    @Test func `nothing while the daemon is not healthy, and again when it is`() async throws {
        let systemd = try NotifySocket()
        let healthy = Atomic(false)
        try await running(interval: .milliseconds(150), health: { healthy.load(ordering: .relaxed) }) { log in
            #expect(systemd.next(within: 400) == nil)
            try await log.wait(for: "Watchdog ping withheld")
            #expect(log.all == ["Watchdog ping withheld"])
            healthy.store(true, ordering: .relaxed)
            #expect(systemd.next() == ["WATCHDOG=1"])
            try await log.wait(for: "Watchdog pinged again")
        }
    }

    @Test func `nothing while the health check does not answer`() async throws {
        let systemd = try NotifySocket()
        let hanging: @Sendable () async -> Bool = {
            try? await Task.sleep(for: .seconds(60))
            return true
        }
        try await running(interval: .milliseconds(150), health: hanging) { log in
            #expect(systemd.next(within: 400) == nil)
            try await log.wait(for: "Watchdog ping withheld")
            #expect(log.all.prefix(2) == ["The health check does not answer", "Watchdog ping withheld"])
        }
    }

    @Test func `nothing where no watchdog is wanted`() async throws {
        let systemd = try NotifySocket()
        try await running(interval: nil, health: { true }) { _ in
            #expect(systemd.next(within: 200) == nil)
        }
    }

    /// Runs the service in a group as the daemon does, and shuts the group down gracefully after `body`.
    private func running(
        interval: Duration?, health: @escaping @Sendable () async -> Bool, body: (Lines) async throws -> Void
    ) async throws {
        let log = Lines()
        let watchdog = WatchdogService(
            notifier: SystemdNotifier(logger: log.logger), logger: log.logger, interval: interval,
            health: health)
        let group = ServiceGroup(services: [watchdog], logger: Logger(label: "group"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body(log)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
