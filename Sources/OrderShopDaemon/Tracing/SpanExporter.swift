import CoreMetrics
import Curl
import HandlerRuntime
import Logging
import ServiceLifecycle
import Traces

/// Sends the spans that end here to an OpenTelemetry collector, in batches and in the background: whatever the
/// collector does, nobody waits for it.
struct SpanExporter: Service {
    private let recorder: SpanRecorder
    private let url: String
    private let format: OTLP
    private let logger: Logger
    private let queue = SpanQueue()
    private let isFailing = Live(false)
    private let sender = HTTPSender(
        // The operator's own collector: most are at this machine, or in its network, where nothing is encrypted.
        HTTPRules(allowsPrivate: true, allowsPlain: true, timeout: .seconds(3)), connections: 1)
    private let exported: Counter
    private let dropped: Counter

    /// - Parameter endpoint: of the collector, as `http://localhost:4318`.
    init(of traces: TraceRecording, to endpoint: String, resource: [(name: String, value: String)], logger: Logger)
    {
        (recorder, exported, dropped) = (traces.recorder, traces.exported, traces.dropped)
        url = endpoint + OTLP.path
        format = OTLP(resource: resource, version: orderShopVersion)
        self.logger = logger
    }

    /// How long a span waits for company.
    private static let interval = Duration.seconds(1)
    private static let longestPause = Duration.seconds(30)

    func run() async throws {
        recorder.send(to: { [queue] in queue.add($0) })
        defer {
            recorder.send(to: nil)
            sender.close()
        }
        let unsent = await cancelWhenGracefulShutdown { await self.export() }
        // What ended last is sent once, and not again.
        dropped.increment(by: await flush(unsent).count)
    }

    /// - Returns: what the collector has not taken in the end.
    private func export() async -> [RecordedSpan] {
        var unsent: [RecordedSpan] = []
        var pause = Self.interval
        while (try? await Task.sleep(for: pause)) != nil {
            unsent = await flush(unsent)
            pause = unsent.isEmpty ? Self.interval : min(pause * 2, Self.longestPause)
        }
        return unsent
    }

    /// Sends what waits, batch by batch.
    /// - Parameter unsent: those that were to be sent later, the time before.
    /// - Returns: those that are to be sent later.
    private func flush(_ unsent: [RecordedSpan]) async -> [RecordedSpan] {
        var batch = unsent.isEmpty ? nextBatch() : unsent
        while !batch.isEmpty {
            let outcome = await send(batch)
            tell(outcome)
            switch outcome {
            case .taken: break
            case .refused: dropped.increment(by: batch.count)
            case .later: return batch
            }
            batch = nextBatch()
        }
        return []
    }

    private func nextBatch() -> [RecordedSpan] {
        let (spans, lost) = queue.take()
        if lost > 0 { dropped.increment(by: lost) }
        return spans
    }

    // MARK: Sending

    private enum Outcome: Equatable {
        case taken
        /// The same is of no use another time.
        case refused
        case later
    }

    private func send(_ spans: [RecordedSpan]) async -> Outcome {
        let answer: HTTPAnswer
        do throws(HTTPError) {
            answer = try await sender.post(
                format.request(spans), to: url,
                headers: ["Content-Type: application/json", "User-Agent: OrderShop/\(orderShopVersion)"])
        } catch {
            logger.debug("the collector cannot be reached", metadata: ["reason": "\(error)"])
            return .later
        }
        switch answer.status {
        case 200..<300:
            let rejected = min(spans.count, max(0, OTLP.rejected(in: answer.excerpt)))
            exported.increment(by: spans.count - rejected)
            if rejected > 0 { dropped.increment(by: rejected) }
            return .taken
        case 429, 502, 503, 504: return .later
        default: return .refused
        }
    }

    /// Says once that it fails, and once that it does no more.
    private func tell(_ outcome: Outcome) {
        guard isFailing.value != (outcome != .taken) else { return }
        isFailing.value = outcome != .taken
        if isFailing.value {
            logger.warning("the collector does not take the spans of traces", metadata: ["endpoint": "\(url)"])
        } else {
            logger.info("the collector takes spans again", metadata: ["endpoint": "\(url)"])
        }
    }
}
