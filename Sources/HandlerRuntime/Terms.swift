import Crypto
public import EventStore
import JSON

/// On which terms a client has a command run.
public struct Terms: Sendable {
    public static let none = Terms()

    /// The client's own name for this very command. A repeat gets the first answer, and nothing happens twice.
    public let key: IdempotencyKey?
    /// At which of these revisions the entity must be that the command is about; nil: whatever it is at.
    public let expected: [EventID]?

    public init(key: IdempotencyKey? = nil, expected: [EventID]? = nil) {
        self.key = key
        self.expected = expected
    }
}

/// A client's own name for a command.
public struct IdempotencyKey: Sendable, Hashable {
    public let text: String

    /// nil where it cannot be one: 1 to 255 visible characters of ASCII are taken.
    public init?(_ text: String) {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.text = text
    }

    public static let expected = "1 to 255 visible characters of ASCII, such as a UUID"
}

/// What became of a command or a query.
public struct Reply: Sendable {
    public let answer: Answer
    /// What the entity is at that the command was about, or that was asked for; nil where there is none.
    public var revision: EventID?
    /// Whether this is the answer of the first time, and nothing was done now.
    public var isReplayed = false

    init(_ answer: Answer, revision: EventID? = nil, isReplayed: Bool = false) {
        self.answer = answer
        if case .entity(_, let found) = answer { self.revision = found } else { self.revision = revision }
        self.isReplayed = isReplayed
    }
}

extension KeptAnswer {
    /// - Parameter request: what was asked for; the order of its members does not matter.
    init(to request: Fingerprint, _ answer: JSONValue) {
        self.init(fingerprint: request.text, text: answer.text)
    }

    /// The answer, if it is one to this request.
    func answer(to request: Fingerprint) throws(Refusal) -> JSONValue {
        guard fingerprint == request.text else {
            throw Refusal(
                .keyReused,
                "the idempotency key was used for another command before: take a new key for a new command, and "
                    + "repeat a command as it was")
        }
        guard let value = try? JSONValue(parsing: text.utf8) else {
            throw Refusal(.internalError, "the answer that was kept cannot be read")
        }
        return value
    }
}

/// Tells commands from each other by what they ask for.
struct Fingerprint: Sendable {
    let text: String

    init(_ method: String, _ parameters: JSONValue) {
        let digest = SHA256.hash(data: Array((method + " " + Self.ordered(parameters).text).utf8))
        text = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func ordered(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object):
            let members = object.members.sorted { $0.key < $1.key }.map { ($0.key, ordered($0.value)) }
            return .object(JSONObject(members))
        case .array(let elements): return .array(elements.map(ordered))
        case .null, .bool, .number, .string: return value
        }
    }
}
