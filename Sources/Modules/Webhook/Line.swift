import CoreMetrics
import EventStore
import HandlerRuntime
import Logging

/// What a line works with, and in.
struct LineContext: Sendable {
    let run: StandingRun
    let sending: Sending
    let options: WebhookOptions
    /// The streams that webhooks can hear of.
    let sources: [StreamKey]
    let metrics: WebhookMetrics
    let logger: Logger
}

/// Delivers events to one webhook, as it was at one revision of it.
actor Line {
    nonisolated let revision: EventID
    nonisolated let ended = Latch()
    private let (rings, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let webhook: Webhook
    private let secret: WebhookSecret
    private let context: LineContext
    private var queue = DeliveryQueue()
    private var health = WebhookHealth()
    private var change = FeedChange()
    /// How far each stream was read.
    private var read: [StreamKey: EventID] = [:]
    /// The events whose ends are known, and those of them that a former life left.
    private var log: [EventID] = []
    private var done: Set<EventID> = []
    private var isLeaving = false

    init(_ webhook: Webhook, at revision: EventID, _ secret: WebhookSecret, _ context: LineContext) {
        (self.webhook, self.revision, self.secret, self.context) = (webhook, revision, secret, context)
    }

    nonisolated func ring() { bell.yield() }

    /// Ends it, behind what is in hand.
    nonisolated func stop() { bell.finish() }

    /// Runs until `stop`, or until the webhook is another daemon's.
    func run() async {
        defer {
            context.metrics.forget(webhook.id.text)
            ended.open()
        }
        do {
            try await load()
            try await withThrowingDiscardingTaskGroup { group in
                for await _ in rings { try await turn(&group) }
                isLeaving = true
            }
            try await flush()
        } catch {
            context.logger.debug(
                "a webhook is begun anew", metadata: ["webhook": "\(webhook.id)", "reason": "\(error)"])
        }
    }

    private func turn(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async throws {
        do {
            try await takeMore()
            startDeliveries(in: &group)
            try await flush()
        } catch let error as StoreError {
            // What is in hand goes on while Redis is away, and is noted when it is back.
            guard error.code == .unavailable || error.code == .outcomeUnknown else { throw error }
        }
    }

    // MARK: Beginning

    private var streams: [StreamKey] { context.sources.filter { webhook.wants($0) } }

    private func load() async throws {
        let store = context.run.store
        var feed = try await store.feed(webhook.feed)
        if feed == nil {
            feed = try await reopen()
        }
        guard let feed else { throw Refusal(.notFound, "the webhook is gone") }
        health = WebhookHealth(feed.notes)
        (log, done) = (feed.log, Set(feed.log))
        let isSkipping = feed.notes["skip"] != nil
        for entry in feed.held {
            guard var delivery = Delivery(event: entry.event, record: entry.record) else { continue }
            if isSkipping { end(&delivery, .failed, because: "it was passed over when the webhook was enabled") }
            if !isSkipping { queue.restore(delivery) }
        }
        try await findPositions(isSkipping ? [:] : feed.positions, isSkipping: isSkipping)
        if isSkipping { change.notes["skip"] = .some(nil) }
        try await flush()
    }

    /// Where there is a webhook, but nothing that was kept of it: its events were put back from an archive.
    private func reopen() async throws -> Feed? {
        try await context.run.step { [webhook, revision] (unit) throws(Refusal) in
            unit.note(["since": revision.description], ofFeed: webhook.feed)
        }
        return try await context.run.store.feed(webhook.feed)
    }

    /// A stream that is new to it begins where it was asked for.
    private func findPositions(_ known: [StreamKey: EventID], isSkipping: Bool) async throws {
        var beginning = revision
        if known.isEmpty, !isSkipping {
            beginning =
                try await context.run.store.place(of: webhook.id.text, in: WebhookModule.index) ?? revision
        }
        for stream in streams {
            read[stream] = known[stream] ?? beginning
            if known[stream] == nil { change.positions[stream] = beginning }
        }
        for stream in known.keys where read[stream] == nil { change.positions[stream] = .some(nil) }
    }

    // MARK: Taking

    private func takeMore() async throws {
        guard queue.hasRoom, !read.isEmpty, health.limit(at: Wall.milliseconds, of: 1) > 0 else { return }
        let streams = Array(read.keys)
        let batch = try await context.run.store.read(streams, after: read, count: 64)
        for event in batch.events {
            if let behind = queue.add(event, isDone: done.contains(event.id)) { hold(behind) }
        }
        read.merge(batch.positions) { $1 }
        notePositions()
        if !batch.events.isEmpty { ring() }
    }

    private func notePositions() {
        for (stream, event) in queue.positions { change.positions[stream] = event }
        queue.forgetPositions()
    }

    /// Delivers events once more that somebody asks for.
    func wish(for events: [EventID]) async {
        do {
            let unknown = events.filter { !queue.contains($0) }
            for event in events where queue.contains(event) { queue.hurry(event) }
            let entries = try await context.run.store.feedEntries(unknown, of: webhook.feed)
            for entry in entries {
                guard var delivery = Delivery(event: entry.event, record: entry.record) else { continue }
                (delivery.isOnce, delivery.due) = (true, 0)
                if !queue.contains(entry.event) { queue.add(once: delivery) }
            }
            try await context.run.store.forgetWishes(events, of: webhook.feed)
            health.wake()
            ring()
        } catch {
            context.logger.debug("wishes wait", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Delivering

    private func startDeliveries(in group: inout ThrowingDiscardingTaskGroup<any Error>) {
        let now = Wall.milliseconds
        let limit = health.limit(at: now, of: context.options.concurrency)
        while !isLeaving, queue.countInHand < limit, let delivery = queue.next(at: now, anyway: health.isDown) {
            group.addTask { await self.deliver(delivery) }
        }
    }

    private func deliver(_ delivery: Delivery) async {
        let attempt: Attempt
        do { attempt = try await send(delivery) } catch { attempt = .undone }
        settle(delivery, attempt, at: Wall.milliseconds)
        notePositions()
        ring()
    }

    private func send(_ delivery: Delivery) async throws -> Attempt {
        var event = delivery.read
        if event == nil { event = try await context.run.store.event(delivery.event, in: delivery.stream) }
        guard let event else {
            var answer = DeliveryAnswer()
            answer.reason = "the event is no longer in its stream: it was trimmed"
            return .hopeless(answer)
        }
        return await context.sending.send(
            Message(event), to: webhook.url, signedWith: secret, tracing: DeliverySpan(of: event, to: webhook))
    }

    private func settle(_ delivery: Delivery, _ attempt: Attempt, at now: Int64) {
        var delivery = delivery
        switch attempt {
        case .undone: return queue.putBack(delivery)
        case .delivered(let answer):
            delivery.note(answer, at: now)
            let wasDown = health.isDown
            health.succeeded(at: now)
            if wasDown { queue.hurryAll() }
            end(&delivery, .delivered, because: nil)
        case .hopeless(let answer): end(&delivery, .failed, because: answer.reason)
        case .gone(let answer):
            delivery.note(answer, at: now)
            fail(&delivery, at: now, seconds: nil)
            leave(because: answer.reason)
        case .failed(let answer, let seconds):
            delivery.note(answer, at: now)
            fail(&delivery, at: now, seconds: seconds)
        }
        change.notes.merge(health.notes) { $1 }
    }

    private func fail(_ delivery: inout Delivery, at now: Int64, seconds: Int64?) {
        context.metrics.failed.increment()
        let options = context.options
        health.failed(delivery.entity, at: now, pause: options.firstPause)
        if let seconds { health.rest(until: now + seconds * 1_000) }
        if delivery.isOnce { return end(&delivery, .failed, because: delivery.answer.reason) }
        if let since = health.failingSince, options.hasGivenUp(since, at: now) {
            leave(because: "nothing was taken for \(options.giveUpText); at last: \(delivery.answer.reason ?? "")")
        } else if let first = delivery.firstTried, options.hasGivenUp(first * 1_000, at: now) {
            return end(&delivery, .failed, because: delivery.answer.reason)
        }
        delivery.due = now + (seconds.map { $0 * 1_000 } ?? options.pause(behind: delivery.attempts))
        for waiting in queue.hold(delivery) { hold(waiting) }
    }

    private func hold(_ delivery: Delivery) {
        change.hold(delivery.event, delivery.record(keepingExcerpt: !context.run.store.isSealing))
    }

    private func end(_ delivery: inout Delivery, _ status: Delivery.Status, because reason: String?) {
        (delivery.status, delivery.answer.reason) = (status, reason)
        if status == .delivered { context.metrics.delivered.increment() }
        queue.end(delivery)
        change.end(delivery.event, delivery.record(keepingExcerpt: !context.run.store.isSealing))
        log.removeAll { $0 == delivery.event }
        log.append(delivery.event)
        while log.count > context.options.logSize { change.forget(log.removeFirst()) }
    }

    // MARK: Leaving

    private var farewell: String?

    /// The webhook is to be disabled, once: somebody may enable it again while others of its messages are on their way.
    private func leave(because reason: String?) {
        if !isLeaving { (isLeaving, farewell) = (true, reason ?? "") }
    }

    private func flush() async throws {
        if let farewell { try await disable(because: farewell) }
        if !change.isEmpty { context.metrics.note(webhook.id.text, held: queue.countHeld, isDown: health.isDown) }
        while !change.isEmpty {
            let taken = change
            change = FeedChange()
            let outcome: FeedOutcome
            do {
                outcome = try await context.run.store.note(
                    taken, of: webhook.feed, under: context.run.lease, of: context.run.module)
            } catch {
                change = taken.merging(change)
                throw error
            }
            if outcome != .committed { throw Refusal(.unavailable, "the webhook is kept elsewhere, or is gone") }
        }
    }

    private func disable(because reason: String) async throws {
        try await context.run.step { [id = webhook.id] (unit) throws(Refusal) in
            guard let webhook = try await unit.find(id), webhook.isEnabled else { return }
            unit.append(.disabled, webhook.disabled(because: reason))
        }
        farewell = nil
        context.logger.warning(
            "a webhook is disabled", metadata: ["webhook": "\(webhook.id)", "reason": "\(reason)"])
    }
}

extension Delivery {
    /// Notes one more try.
    fileprivate mutating func note(_ answer: DeliveryAnswer, at now: Int64) {
        attempts += 1
        (firstTried, lastTried, self.answer) = (firstTried ?? now / 1_000, now / 1_000, answer)
    }
}
