import EventStore
public import JSON

/// What a value must be: said once, for checking it and for describing it.
public struct Schema: Sendable {
    /// The same as JSON Schema (2020-12), for those who ask what a method takes.
    public let description: JSONObject
    private let check: @Sendable (JSONValue) -> [Violation]

    /// - Parameter check: returns what is wrong, with pointers relative to the value.
    public init(_ description: JSONObject, check: @escaping @Sendable (JSONValue) -> [Violation]) {
        self.description = description
        self.check = check
    }

    public func violations(in value: JSONValue) -> [Violation] { check(value) }
}

extension Schema {
    /// One line of text, without control characters: what may stand in a mail's header.
    public static func line(_ length: ClosedRange<Int>) -> Schema {
        Schema([
            ("type", "string"), ("minLength", .count(length.lowerBound)), ("maxLength", .count(length.upperBound)),
        ]) {
            guard let text = $0.string else { return [.mustBe("a string", not: $0)] }
            if text.unicodeScalars.contains(where: \.isControl) {
                return [Violation("", "must not hold control characters or line breaks")]
            }
            let isBlank = length.lowerBound > 0 && text.allSatisfy(\.isWhitespace)
            guard length.contains(text.unicodeScalars.count), !isBlank else {
                return [Violation("", "must have \(length.lowerBound) to \(length.upperBound) characters")]
            }
            return []
        }
    }

    /// Text of several lines.
    public static func text(_ length: ClosedRange<Int>) -> Schema {
        Schema([
            ("type", "string"), ("minLength", .count(length.lowerBound)), ("maxLength", .count(length.upperBound)),
        ]) {
            guard let text = $0.string else { return [.mustBe("a string", not: $0)] }
            guard length.contains(text.unicodeScalars.count), !text.unicodeScalars.contains("\0") else {
                return [
                    Violation("", "must have \(length.lowerBound) to \(length.upperBound) characters, none NUL")
                ]
            }
            return []
        }
    }

    /// A UUID in its canonical form.
    public static let uuid = Schema([("type", "string"), ("format", "uuid")]) { value in
        guard let text = value.string else { return [.mustBe("a UUID", not: value)] }
        return UUIDText.isValid(text)
            ? [] : [Violation("", "must be a UUID in lower case like 0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a11")]
    }

    public static func integer(_ range: ClosedRange<Int64>) -> Schema {
        Schema([("type", "integer"), ("minimum", .int(range.lowerBound)), ("maximum", .int(range.upperBound))]) {
            guard let number = $0.number else { return [.mustBe("an integer", not: $0)] }
            guard let integer = number.int64, range.contains(integer) else {
                return [Violation("", "must be an integer from \(range.lowerBound) to \(range.upperBound)")]
            }
            return []
        }
    }

    /// A number ≥ 0 with at most so many digits behind the point, exactly.
    public static func decimal(fractionDigits: Int, max: Int64) -> Schema {
        let top = JSONNumber(unscaled: max, fractionDigits: fractionDigits)
        return Schema([("type", "number"), ("minimum", 0), ("maximum", .number(top))]) { value in
            guard let number = value.number else { return [.mustBe("a number", not: value)] }
            guard let scaled = number.scaled(toFractionDigits: fractionDigits), (0...max).contains(scaled) else {
                return [
                    Violation(
                        "",
                        "must be a number from 0 to \(top.text) with at most \(fractionDigits) digits behind the point"
                    )
                ]
            }
            return []
        }
    }

    /// One of these words.
    public static func word(of words: [String]) -> Schema {
        Schema([("type", "string"), ("enum", .array(words.map { .string($0) }))]) { value in
            guard let text = value.string else { return [.mustBe("a string", not: value)] }
            return words.contains(text) ? [] : [Violation("", "must be one of \(words.joined(separator: ", "))")]
        }
    }

    public static func array(of element: Schema, count: ClosedRange<Int>) -> Schema {
        Schema([
            ("type", "array"), ("items", .object(element.description)),
            ("minItems", .count(count.lowerBound)), ("maxItems", .count(count.upperBound)),
        ]) { value in
            guard let elements = value.array else { return [.mustBe("an array", not: value)] }
            guard count.contains(elements.count) else {
                return [Violation("", "must have \(count.lowerBound) to \(count.upperBound) elements")]
            }
            return elements.enumerated().flatMap { index, value in
                element.violations(in: value).map { $0.inside(String(index)) }
            }
        }
    }

    /// Anything: for results that are only described.
    public static func any(_ description: JSONObject) -> Schema { Schema(description) { _ in [] } }

    /// The same, or null where there is nothing.
    public var orNull: Schema {
        Schema([("anyOf", [.object(description), ["type": "null"]])]) { $0 == .null ? [] : violations(in: $0) }
    }

    /// Whatever it is: for what is looked at elsewhere.
    public static let anything = any(JSONObject())

    public static let boolean = Schema([("type", "boolean")]) {
        $0.bool == nil ? [.mustBe("true or false", not: $0)] : []
    }

    /// An object of these fields and no others.
    public static func object(_ fields: [Field]) -> Schema {
        Schema([
            ("type", "object"),
            ("properties", .object(JSONObject(fields.map { ($0.name, .object($0.schema.description)) }))),
            ("required", .array(fields.filter(\.isRequired).map { .string($0.name) })),
            ("additionalProperties", false),
        ]) { fields.violations(in: $0) }
    }
}

/// A named value of an object: a parameter of a method, a property of an entity.
public struct Field: Sendable {
    public let name: String
    public let schema: Schema
    public let isRequired: Bool
    public let summary: String

    public init(_ name: String, _ schema: Schema, required: Bool = true, _ summary: String = "") {
        self.name = name
        self.schema = schema
        isRequired = required
        self.summary = summary
    }
}

extension [Field] {
    /// What is wrong with an object of these fields, with pointers into it.
    public func violations(in value: JSONValue) -> [Violation] {
        guard let object = value.object else { return [.mustBe("an object", not: value)] }
        return flatMap { $0.violations(in: object) } + unknown(in: object)
    }

    private func unknown(in object: JSONObject) -> [Violation] {
        object.members.filter { member in !contains { $0.name == member.key } }.map { member in
            let known = map(\.name).joined(separator: ", ")
            return Violation("", "is not known here; known are: \(known)").inside(member.key)
        }
    }
}

extension Field {
    fileprivate func violations(in object: JSONObject) -> [Violation] {
        switch object[name] {
        case nil: isRequired ? [Violation("", "is missing").inside(name)] : []
        case .null? where !isRequired: []
        case let value?: schema.violations(in: value).map { $0.inside(name) }
        }
    }
}

extension Schema {
    public init(
        _ members: [(String, JSONValue)], check: @escaping @Sendable (JSONValue) -> [Violation]
    ) {
        self.init(JSONObject(members), check: check)
    }
}

extension Violation {
    public static func mustBe(_ expected: String, not value: JSONValue) -> Violation {
        Violation("", "must be \(expected), not \(value.kind)")
    }
}

extension JSONValue {
    fileprivate static func count(_ value: Int) -> JSONValue { .number(JSONNumber(Int64(value))) }
    fileprivate static func int(_ value: Int64) -> JSONValue { .number(JSONNumber(value)) }
}

extension Unicode.Scalar {
    /// The general category Cc, which is never to grow.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
