import Curl
import HandlerRuntime
import Synchronization

/// To a mail server.
final class SMTPRoute: MailRoute {
    private struct State {
        var client: SMTPClient?
        /// What was taken and not yet told in an event: a step that is not committed must not send it again.
        var taken = RecentReplies()
        var pace = MailPace()
    }

    private let server: SMTPServer
    private let policy: Live<MailPolicy>
    private let firstPause: Duration
    private let state = Mutex(State())

    /// - Parameter firstPause: before a mail that was not taken is tried again; it doubles, up to an hour.
    init(to server: SMTPServer, policy: Live<MailPolicy>, firstPause: Duration) {
        self.server = server
        self.policy = policy
        self.firstPause = firstPause
    }

    func open() async throws {
        let client = SMTPClient(server)
        state.withLock { $0.client = client }
    }

    func close() async {
        let client = state.withLock { state in
            defer { state.client = nil }
            return state.client
        }
        client?.close()
    }

    /// They are with the mail server.
    func destroy(_ mails: Set<String>) async throws {}

    func deliver(_ parcel: Parcel, _ effect: OutsideEffect) async throws -> String? {
        if let reply = state.withLock({ $0.taken[parcel.name] }) { return reply }
        try keepPace()
        guard let client = state.withLock(\.client) else { throw TryLater("the module is being stopped") }
        do throws(SMTPError) {
            let reply = try await client.send(parcel.message.text, from: parcel.sender, to: parcel.recipient)
            state.withLock { $0.taken[parcel.name] = reply }
            return reply
        } catch {
            throw verdict(on: error, attempt: effect.attempt)
        }
    }

    private func keepPace() throws(TryLater) {
        let rate = policy.value.rate
        if let pause = state.withLock({ $0.pace.take(rate, at: .now) }) {
            throw TryLater("no more mails may go out just now, by mail.rate", after: pause)
        }
    }

    private func verdict(on error: SMTPError, attempt: Int) -> any Error {
        switch error.code {
        case .serverUnavailable: TryLater("the mail server does not take mails: \(error.description)")
        case .cancelled: TryLater("the mail was broken off")
        case .notNow: Postponed(error.description, for: pause(behind: attempt))
        case .never: Hopeless(error.description)
        }
    }

    private func pause(behind attempt: Int) -> Duration {
        min(firstPause * (1 << min(attempt - 1, 20)), .seconds(3_600))
    }
}

/// The replies to the last few thousand mails, by their names.
struct RecentReplies: Sendable {
    private static let most = 4_096
    private var replies: [String: String] = [:]
    private var order: [String] = []

    subscript(name: String) -> String? {
        get { replies[name] }
        set {
            if replies.updateValue(newValue ?? "", forKey: name) == nil { order.append(name) }
            guard order.count > 2 * Self.most else { return }
            for old in order.prefix(Self.most) { replies[old] = nil }
            order.removeFirst(Self.most)
        }
    }
}
