import CSystemd
import Glibc
public import Logging

/// Tells systemd about the state of the daemon, as `sd_notify(3)` describes.
///
/// Everything here is silent and free where `NOTIFY_SOCKET` is not set: at a terminal, in a container, in a
/// test. A message that systemd cannot be given is logged and not thrown, because no caller could do better.
public struct SystemdNotifier: Sendable {
    /// Room for a sentence in `systemctl status`; keeps the datagram far from the socket's limit.
    static let longestStatus = 400

    private let logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    /// Whether anybody is told what is said here.
    public var isHeard: Bool { getenv("NOTIFY_SOCKET") != nil }

    /// Everything serves: `READY=1`, also the end of a reload.
    public func ready() {
        send(["READY=1"])
    }

    /// One sentence for a person who reads `systemctl status`.
    ///
    /// Line breaks and control characters become spaces, so that data in the sentence, such as an error text,
    /// cannot forge a second variable.
    public func status(_ sentence: String) {
        send(["STATUS=\(Self.oneLine(sentence))"])
    }

    /// The daemon has begun to end.
    public func stopping() {
        send(["STOPPING=1"])
    }

    /// The daemon makes progress. `WatchdogService` calls this; see there for when it does not.
    public func watchdog() {
        send(["WATCHDOG=1"])
    }

    /// The configuration is being read again; `ready()` has to follow.
    ///
    /// The time stamp is what `Type=notify-reload` demands, to tell this reload from the one before.
    public func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send(["RELOADING=1", "MONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)"])
    }

    /// Starting or stopping needs `duration` more, counted from now; say it again before that is over.
    public func extendTimeout(by duration: Duration) {
        send(["EXTEND_TIMEOUT_USEC=\(max(1, duration.microseconds))"])
    }

    /// How often systemd wants to hear `watchdog()` from this process: `WatchdogSec=` of the unit, `nil` where
    /// there is none or where it is meant for another process.
    public static var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    private func send(_ assignments: [String]) {
        // 0 keeps NOTIFY_SOCKET in the environment: there is more to say later.
        let result = sd_notify(0, assignments.joined(separator: "\n"))
        guard result < 0 else { return }
        logger.warning(
            "systemd could not be told about the daemon's state",
            metadata: [
                "variable": "\(assignments.first?.prefix { $0 != "=" } ?? "")",
                "reason": "\(String(cString: strerror(-result)))",
            ])
    }

    static func oneLine(_ sentence: String) -> String {
        let printable = sentence.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: Character(" ")
            default: Character(scalar)
            }
        }
        return String(printable.prefix(longestStatus))
    }
}

extension Duration {
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
