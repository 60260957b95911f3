public import JSON

extension Schema {
    /// The same with a value that shows what is meant.
    public func example(_ value: JSONValue) -> Schema {
        Schema(JSONObject(description.members.map { ($0.key, $0.value) } + [("examples", [value])])) {
            violations(in: $0)
        }
    }

    /// A value that the schema takes.
    public var example: JSONValue { Self.example(of: description) }

    private static func example(of schema: JSONObject) -> JSONValue {
        if let example = schema["examples"]?.array?.first ?? schema["enum"]?.array?.first { return example }
        if let constant = schema["const"] { return constant }
        if let first = schema["anyOf"]?.array?.first?.object { return example(of: first) }
        switch (schema["type"]?.string, schema["format"]?.string) {
        case ("string", "uuid"): return "0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a11"
        case ("string", "email"): return "ada@example.org"
        case ("string", _): return "Ada"
        case ("integer", _), ("number", _): return schema["minimum"] ?? 1
        case ("boolean", _): return true
        case ("array", _): return .array([example(of: schema["items"]?.object ?? JSONObject())])
        case ("object", _):
            let members = schema["properties"]?.object?.members ?? []
            return .object(JSONObject(members.map { ($0.key, example(of: $0.value.object ?? JSONObject())) }))
        default: return "Ada"
        }
    }
}
