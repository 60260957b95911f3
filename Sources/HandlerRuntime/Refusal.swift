public import JSON

/// A command that was refused, and why. Nothing of it was done.
public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable, CaseIterable {
        /// The text is no JSON, or not of the shape that is taken.
        case malformed
        /// A field is missing or wrong.
        case invalid
        /// There is no such entity to change.
        case notFound
        /// The state of the shop is against it.
        case conflict
        /// The entity is at another revision than the client expects.
        case revisionMismatch
        /// The idempotency key was used for another command.
        case keyReused
        /// It was there once: what would say more has been trimmed from the streams.
        case trimmed
        case tooLarge
        case unknownMethod
        /// Whoever calls may not.
        case forbidden
        case moduleDisabled
        /// Redis cannot take the write, or too many commands wait. Nothing was written.
        case unavailable
        /// Redis went away in the middle of the write and did not come back in time to tell.
        case outcomeUnknown
        /// Our fault.
        case internalError
    }

    public let code: Code
    /// What was wrong, what was expected and what to do.
    public let message: String
    /// Which fields are wrong, for `invalid`.
    public let violations: [Violation]
    /// When it makes sense to try again.
    public let retryAfter: Duration?
    /// What programs need to know beside: `module`, `entity` …
    public let details: JSONObject

    public init(
        _ code: Code, _ message: String, violations: [Violation] = [], retryAfter: Duration? = nil,
        details: JSONObject = JSONObject()
    ) {
        self.code = code
        self.message = message
        self.violations = violations
        self.retryAfter = retryAfter
        self.details = details
    }

    public init(_ violations: [Violation]) {
        let first = violations.first.map { "\($0.pointer.isEmpty ? "the parameters" : $0.pointer) \($0.detail)" }
        let more = violations.count > 1 ? " (and \(violations.count - 1) more)" : ""
        self.init(.invalid, (first ?? "a field is wrong") + more, violations: violations)
    }

    public var description: String { message }
}

/// One field that is wrong.
public struct Violation: Sendable, Hashable {
    /// Where: a JSON Pointer (RFC 6901), empty for the whole.
    public let pointer: String
    /// What was expected: reads on from the field's name, "must be …".
    public let detail: String

    public init(_ pointer: String, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    /// The same, seen from the container that the value stands in.
    func inside(_ token: String) -> Violation {
        let escaped =
            token.contains { $0 == "~" || $0 == "/" }
            ? token.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
            : token
        return Violation("/\(escaped)\(pointer)", detail)
    }
}
