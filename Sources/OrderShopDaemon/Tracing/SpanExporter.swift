import CoreMetrics
import Curl
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
    private let sender = HTTPSender(
        // The operator's own collector: most are at this machine, or in its network, where nothing is encrypted.
        HTTPRules(allowsPrivate: true, allowsPlain: true, timeout: .seconds(3)), connections: 1)
    private let exported = Counter(label: "ordershop_trace_spans", dimensions: [("outcome", "exported")])
    private let dropped = Counter(label: "ordershop_trace_spans", dimensions: [("outcome", "dropped")])

    /// - Parameter endpoint: of the collector, as `http://localhost:4318`.
    init(of recorder: SpanRecorder, to endpoint: String, resource: [(name: String, value: String)], logger: Logger)
    {
        self.recorder = recorder
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
        await cancelWhenGracefulShutdown { await self.export() }
        // What ended last is sent once, and not again.
        while case let batch = queue.take(), !batch.spans.isEmpty {
            if await send(batch.spans) != .taken { return dropped.increment(by: batch.spans.count) }
        }
    }

    private func export() async {
        var pause = Self.interval
        var rest: [RecordedSpan] = []
        var isFailing = false
        while (try? await Task.sleep(for: pause)) != nil {
            var outcome = Outcome.taken
            repeat {
                if rest.isEmpty { rest = nextBatch() }
                if rest.isEmpty { break }
                outcome = await send(rest)
                switch outcome {
                case .taken: rest = []
                case .refused:
                    dropped.increment(by: rest.count)
                    rest = []
                case .later: break
                }
            } while outcome == .taken
            pause = outcome == .later ? min(pause * 2, Self.longestPause) : Self.interval
            if (outcome != .taken) != isFailing { isFailing = tell(outcome) }
        }
        if !rest.isEmpty { dropped.increment(by: rest.count) }
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

    /// - Returns: whether it fails now.
    private func tell(_ outcome: Outcome) -> Bool {
        let endpoint: Logger.Metadata = ["endpoint": "\(url)"]
        if outcome == .taken {
            logger.info("the collector takes spans again", metadata: endpoint)
            return false
        }
        logger.warning("the collector does not take the spans of traces", metadata: endpoint)
        return true
    }
}
