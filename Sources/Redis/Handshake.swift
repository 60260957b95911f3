import Logging

/// What is said on a new connection before anybody may use it: AUTH, SELECT, CLIENT SETNAME and PING, in one write.
struct Handshake: Sendable {
    private enum Step {
        case auth, select, setName, ping
    }

    private let configuration: RedisConfiguration
    private let logger: Logger
    private let steps: [(step: Step, command: RedisCommand)]

    init(_ configuration: RedisConfiguration, _ logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        var steps: [(step: Step, command: RedisCommand)] = []
        // A user without a password may be one that needs none. He must not be taken for the default user.
        if let password = configuration.password ?? configuration.username.map({ _ in "" }) {
            let arguments = [configuration.username, password].compactMap { $0 }
            steps.append((.auth, RedisCommand("AUTH", arguments: arguments)))
        }
        if configuration.database != 0 {
            steps.append((.select, RedisCommand("SELECT", "\(configuration.database)")))
        }
        steps.append((.setName, RedisCommand("CLIENT", "SETNAME", configuration.clientName)))
        // The one that a server answers with LOADING or NOAUTH, which the others do not.
        steps.append((.ping, RedisCommand("PING")))
        self.steps = steps
    }

    /// Throws `connectionRefusedByServer` or `notConnected`.
    func perform(on connection: RedisConnection) async throws(RedisError) {
        let replies: [RedisValue]
        do throws(RedisError) {
            replies = try await connection.pipeline(steps.map(\.command), timeout: configuration.connectTimeout)
        } catch  where error.code == .outcomeUnknown {
            throw RedisError(.notConnected, "the connection was lost while logging in: \(error.message)")
        }
        for (step, reply) in zip(steps, replies) {
            if let error = reply.error { try judge(error, in: step.step) }
        }
    }

    private func judge(_ error: RedisError, in step: Step) throws(RedisError) {
        let text = "\(configuration): Redis answered: \(error.message)"
        if error.serverCode == .loading { throw RedisError(.notConnected, text) }
        switch step {
        case .auth, .select:
            let isPassing = error.serverCode?.isTemporary ?? false
            throw RedisError(isPassing ? .notConnected : .connectionRefusedByServer, text)
        case .setName, .ping:
            if error.serverCode == .noauth { throw RedisError(.connectionRefusedByServer, text) }
            // An ACL may forbid these two, a busy script holds them up: neither keeps anybody from working.
            logger.debug("Redis refused a courtesy of the handshake", metadata: [LogKey.reason: "\(error.message)"])
        }
    }
}
