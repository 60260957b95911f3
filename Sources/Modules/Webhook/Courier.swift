import Curl
import EventStore
import HandlerRuntime
import Logging
import Synchronization

/// Keeps a line to each webhook that is enabled.
final class Courier: Sendable {
    private let options: WebhookOptions
    private let sources: [StreamKey]
    private let logger: Logger
    private let metrics = WebhookMetrics()
    private let sender = Mutex<HTTPSender?>(nil)

    init(_ options: WebhookOptions, sources: [StreamKey], logger: Logger) {
        (self.options, self.sources, self.logger) = (options, sources, logger)
    }

    /// Its threads wait for receivers: 64 messages can be on their way at once.
    func open() { sender.withLock { $0 = HTTPSender(options.rules) } }

    func close() {
        let old = sender.withLock { sender in
            defer { sender = nil }
            return sender
        }
        old?.close()
    }

    /// Sends a message that is no event; nil while the module is being stopped.
    func send(_ message: Message, to webhook: Webhook, signedWith secret: WebhookSecret) async -> Attempt? {
        guard let sender = sender.withLock(\.self) else { return nil }
        return await Sending(sender: sender).send(message, to: webhook.url, signedWith: secret)
    }

    // MARK: Lines

    /// How soon a change to a webhook is noticed.
    private static let interval = Duration.milliseconds(500)
    /// Events that come within this time are one ring.
    private static let breath = Duration.milliseconds(5)

    func deliver(_ run: StandingRun) async throws {
        guard let sender = sender.withLock(\.self) else { return }
        let context = LineContext(
            run: run, sending: Sending(sender: sender), options: options, sources: sources, metrics: metrics,
            logger: logger)
        try await withThrowingDiscardingTaskGroup { group in
            var lines: [ID<Webhook>: Line] = [:]
            var next = ContinuousClock.now
            for await _ in run.rings {
                if next <= .now {
                    await look(&lines, in: &group, context)
                    run.rest(lines.isEmpty)
                    next = .now + Self.interval
                }
                for line in lines.values { line.ring() }
                try? await Task.sleep(for: Self.breath)
            }
            for line in lines.values { line.stop() }
        }
    }

    private struct Entry {
        let webhook: Webhook
        let revision: EventID
        let secret: WebhookSecret
        let wishes: [EventID]
    }

    /// Begins and ends lines, as webhooks come, change and go.
    private func look(
        _ lines: inout [ID<Webhook>: Line], in group: inout ThrowingDiscardingTaskGroup<any Error>,
        _ context: LineContext
    ) async {
        let entries: [Entry]
        do { entries = try await roster(context.run.store) } catch {
            return logger.debug("the webhooks cannot be read", metadata: ["reason": "\(error)"])
        }
        let known = Dictionary(entries.map { ($0.webhook.id, $0.revision) }) { $1 }
        for (id, line) in lines {
            if line.ended.isOpen { lines[id] = nil }
            if known[id] != line.revision { line.stop() }
        }
        for entry in entries {
            if let line = lines[entry.webhook.id] {
                if line.revision == entry.revision, !entry.wishes.isEmpty { await line.wish(for: entry.wishes) }
                continue
            }
            let line = Line(entry.webhook, at: entry.revision, entry.secret, context)
            lines[entry.webhook.id] = line
            group.addTask { await line.run() }
        }
    }

    private func roster(_ store: Store) async throws -> [Entry] {
        let ids = try await store.page(of: WebhookModule.index, count: WebhookModule.most * 2).ids
        if ids.isEmpty { return [] }
        let states = try await store.load(ids.map { .id(Webhook.topic, $0) })
        let secrets = try await store.secrets(of: ids.map { Webhook.feed($0) })
        let wishes = try await store.wishes(of: ids.map { Webhook.feed($0) })
        return ids.indices.compactMap { index in
            guard let state = states[index], state.exists, !state.isNewer, let fields = state.decoded(),
                let webhook = try? Webhook(stored: fields), webhook.isEnabled,
                let secret = WebhookSecret(stored: secrets[index])
            else { return nil }
            return Entry(webhook: webhook, revision: state.revision, secret: secret, wishes: wishes[index])
        }
    }
}
