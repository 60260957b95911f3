import Logging
import Synchronization

/// A log that a test can read: the messages, in order.
final class Lines: LogHandler {
    private let messages = Mutex<[String]>([])

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        messages.withLock { $0.append("\(event.message)") }
    }

    var all: [String] { messages.withLock { $0 } }
    var logger: Logger { Logger(label: "test", factory: { _ in self }) }

    /// The time limit of the suite bounds the wait.
    func wait(for message: String) async throws {
        while !all.contains(message) { try await Task.sleep(for: .milliseconds(5)) }
    }
}
