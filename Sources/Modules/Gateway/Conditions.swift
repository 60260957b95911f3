import EventStore
import HTTPTypes
import HandlerRuntime
import HummingbirdCore

/// What a request's header fields make its command depend on (RFC 9110, sections 8.8 and 13; the Idempotency-Key field).
enum Conditions {
    static func terms(of request: Request) throws(Refusal) -> Terms {
        Terms(key: try key(request.headers[.idempotencyKey]), expected: tags(request.headers[values: .ifMatch]))
    }

    private static func key(_ text: String?) throws(Refusal) -> IdempotencyKey? {
        guard let text else { return nil }
        // The field's drafts have it as a quoted string, and most clients send it bare.
        let isQuoted = text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
        guard let key = IdempotencyKey(isQuoted ? String(text.dropFirst().dropLast()) : text) else {
            throw Refusal(.malformed, "the field Idempotency-Key must have \(IdempotencyKey.expected)")
        }
        return key
    }

    /// The revisions that are asked for; nil: any. A tag that was never one of ours stands for none.
    private static func tags(_ values: [String]) -> [EventID]? {
        if values.isEmpty { return nil }
        let tags = elements(of: values)
        return tags.contains("*") ? nil : tags.compactMap(revision)
    }

    private static func elements(of values: [String]) -> [Substring] {
        values.flatMap { $0.split(separator: ",") }.map { $0.trimming { $0 == " " || $0 == "\t" } }
    }

    private static func revision(_ tag: Substring) -> EventID? {
        guard tag.count > 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else { return nil }
        return EventID(tag.dropFirst().dropLast())
    }

    /// Whether whoever asks has the entity at this revision already.
    static func isKnown(_ revision: EventID, to request: Request) -> Bool {
        let tags = elements(of: request.headers[values: .ifNoneMatch])
        // A weak tag is good enough for reading.
        return tags.contains { $0 == "*" || self.revision($0.hasPrefix("W/") ? $0.dropFirst(2) : $0) == revision }
    }

    /// Whether whoever asks has what this tag names already.
    static func isKnown(tag: String, to request: Request) -> Bool {
        elements(of: request.headers[values: .ifNoneMatch]).contains { $0 == "*" || $0 == tag || $0 == "W/\(tag)" }
    }

    static func tag(of revision: EventID) -> String { "\"\(revision)\"" }
}

extension Substring {
    fileprivate func trimming(_ isBlank: (Character) -> Bool) -> Substring {
        var text = drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key") ?? .via
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed") ?? .via
}
