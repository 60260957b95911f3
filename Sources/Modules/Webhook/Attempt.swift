import Curl
import EventStore
import HandlerRuntime

/// What one try to deliver something has come to.
enum Attempt: Sendable {
    case delivered(DeliveryAnswer)
    /// - Parameter seconds: for how long the receiver asks to be left alone.
    case failed(DeliveryAnswer, seconds: Int64?)
    /// The receiver wants nothing any more.
    case gone(DeliveryAnswer)
    /// The event cannot be sent, now or ever.
    case hopeless(DeliveryAnswer)
    /// It was broken off by us.
    case undone
}

/// Sends messages, and reads what is answered.
struct Sending: Sendable {
    let sender: HTTPSender

    /// - Parameter span: of the try; nil: it is not traced.
    func send(
        _ message: Message, to url: String, signedWith secret: WebhookSecret, tracing span: DeliverySpan? = nil
    ) async -> Attempt {
        let headers =
            message.headers(signedWith: secret, at: Wall.milliseconds / 1_000) + (span?.headers ?? [])
        let attempt = await post(message, to: url, headers)
        span?.end(with: attempt)
        return attempt
    }

    private func post(_ message: Message, to url: String, _ headers: [String]) async -> Attempt {
        let start = ContinuousClock.now
        var answer = DeliveryAnswer()
        do throws(HTTPError) {
            let response = try await sender.post(message.body, to: url, headers: headers)
            answer.milliseconds = Int64((.now - start) / Duration.milliseconds(1))
            return Self.verdict(on: response, answer)
        } catch {
            if error.code == .cancelled { return .undone }
            answer.milliseconds = Int64((.now - start) / Duration.milliseconds(1))
            answer.reason = Self.words(error)
            return .failed(answer, seconds: nil)
        }
    }

    private static func words(_ error: HTTPError) -> String {
        error.code == .forbidden
            ? error.description + ": see webhooks.allow_private and webhooks.allow_http" : error.description
    }

    private static func verdict(on response: HTTPAnswer, _ answer: DeliveryAnswer) -> Attempt {
        var answer = answer
        answer.status = response.status
        let text = String(decoding: response.excerpt, as: UTF8.self)
        if !text.isEmpty { answer.excerpt = text }
        switch response.status {
        case 200..<300: return .delivered(answer)
        case 300..<400:
            answer.reason =
                "it sends elsewhere (\(response.status) to \(response.header("Location")?.prefix(200) ?? "nowhere")), "
                + "which is not followed: give the webhook the address where it ends"
            return .failed(answer, seconds: nil)
        case 410:
            answer.reason = "it answers 410 Gone, and so wants nothing any more"
            return .gone(answer)
        case 429, 503:
            answer.reason = "it answers \(response.status)"
            return .failed(answer, seconds: RetryAfter.seconds(response.header("Retry-After")))
        default:
            answer.reason = "it answers \(response.status)"
            return .failed(answer, seconds: nil)
        }
    }
}

/// For how long a server asks to be left alone.
enum RetryAfter {
    /// At most so long is obeyed, in seconds.
    static let longest: Int64 = 3_600

    /// - Parameter text: seconds, or a date as in HTTP.
    static func seconds(_ text: String?, now: Int64 = Wall.milliseconds / 1_000) -> Int64? {
        guard let text else { return nil }
        guard let seconds = Int64(text) ?? HTTPDate.seconds(text).map({ $0 - now }) else { return nil }
        return min(max(0, seconds), longest)
    }
}
