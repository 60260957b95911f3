import JSON

/// A small checker of JSON Schema: the words that our schemas and OpenRPC's use, and no others.
struct SchemaCheck {
    /// Where `#/…` points into.
    let root: JSONValue

    /// - Returns: what is wrong, with JSON Pointers.
    func problems(_ value: JSONValue, _ schema: JSONValue, at pointer: String = "") -> [String] {
        guard let schema = schema.object else {
            return schema == false ? ["\(pointer): nothing may stand here"] : []
        }
        if let reference = schema["$ref"]?.string { return problems(value, target(reference), at: pointer) }
        return schema.members.flatMap { member -> [String] in
            problem(value, member.key, member.value, schema, pointer)
        }
    }

    private func target(_ reference: String) -> JSONValue {
        reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? false }
    }

    private func problem(
        _ value: JSONValue, _ word: String, _ rule: JSONValue, _ schema: JSONObject, _ pointer: String
    ) -> [String] {
        switch word {
        case "type": return isOfType(value, rule) ? [] : ["\(pointer): is \(value.kind), not \(rule.text)"]
        case "enum":
            return rule.array?.contains(value) == true ? [] : ["\(pointer): \(value.text) is none of \(rule.text)"]
        case "required": return missing(value, rule).map { "\(pointer): \($0) is missing" }
        case "properties": return members(value, rule, pointer)
        case "additionalProperties":
            return rule == false ? more(value, schema).map { "\(pointer): \($0) is too much" } : []
        case "items":
            return (value.array ?? []).enumerated().flatMap { problems($1, rule, at: "\(pointer)/\($0)") }
        case "oneOf":
            let fitting = (rule.array ?? []).filter { problems(value, $0, at: pointer).isEmpty }
            return fitting.count == 1
                ? [] : ["\(pointer): fits \(fitting.count) of \(rule.array?.count ?? 0), not one"]
        case "anyOf":
            let isFitting = (rule.array ?? []).contains { problems(value, $0, at: pointer).isEmpty }
            return isFitting ? [] : ["\(pointer): fits none of \(rule.array?.count ?? 0)"]
        case "minLength":
            return value.string.map { Int64($0.count) < rule.number?.int64 ?? 0 } == true
                ? ["\(pointer): is too short"] : []
        default: return []
        }
    }

    private func isOfType(_ value: JSONValue, _ type: JSONValue) -> Bool {
        if let types = type.array { return types.contains { isOfType(value, $0) } }
        return isOfOneType(value, type)
    }

    private func isOfOneType(_ value: JSONValue, _ type: JSONValue) -> Bool {
        switch (type.string, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null),
            ("number", .number):
            true
        case ("integer", .number(let number)): number.int64 != nil
        default: false
        }
    }

    private func missing(_ value: JSONValue, _ rule: JSONValue) -> [String] {
        guard let object = value.object else { return [] }
        return (rule.array ?? []).compactMap(\.string).filter { object[$0] == nil }
    }

    private func members(_ value: JSONValue, _ rule: JSONValue, _ pointer: String) -> [String] {
        (value.object?.members ?? []).flatMap { member in
            rule[member.key].map { problems(member.value, $0, at: "\(pointer)/\(member.key)") } ?? []
        }
    }

    /// Members that begin with `x-` may stand in every object of OpenRPC.
    private func more(_ value: JSONValue, _ schema: JSONObject) -> [String] {
        (value.object?.members ?? []).map(\.key).filter { schema["properties"]?[$0] == nil && !$0.hasPrefix("x-") }
    }
}

extension SchemaCheck {
    /// OpenRPC 1.3 as its specification has it, for the objects that we use of it: https://spec.open-rpc.org.
    static let openRPC: JSONValue = {
        func object(_ required: [String], _ properties: JSONValue) -> JSONValue {
            [
                "type": "object", "required": .list(required), "properties": properties,
                "additionalProperties": false,
            ]
        }
        let text: JSONValue = ["type": "string"]
        let name: JSONValue = ["type": "string", "minLength": 1]
        func list(_ definition: String) -> JSONValue {
            ["type": "array", "items": ["oneOf": [["$ref": .string("#/definitions/\(definition)")], reference]]]
        }
        let reference: JSONValue = ["$ref": "#/definitions/reference"]
        return [
            "type": "object", "required": ["openrpc", "info", "methods"], "additionalProperties": false,
            "properties": [
                "openrpc": ["enum": ["1.3.0", "1.3.1", "1.3.2"]],
                "info": ["$ref": "#/definitions/info"], "methods": list("method"),
                "components": [
                    "type": "object",
                    "properties": ["errors": ["type": "object"]], "additionalProperties": false,
                ],
            ],
            "definitions": [
                "reference": object(["$ref"], ["$ref": text]),
                "info": object(
                    ["title", "version"],
                    [
                        "title": text, "version": text, "description": text,
                        "license": object([], ["name": text, "url": text]),
                    ]),
                "method": object(
                    ["name", "params"],
                    [
                        "name": name, "summary": text, "description": text, "tags": list("tag"),
                        "paramStructure": ["enum": ["by-name", "by-position", "either"]], "params": list("content"),
                        "result": ["oneOf": [["$ref": "#/definitions/content"], reference]],
                        "errors": list("error"), "examples": list("pairing"), "deprecated": ["type": "boolean"],
                    ]),
                "tag": object(["name"], ["name": name, "description": text]),
                "content": object(
                    ["name", "schema"],
                    [
                        "name": name, "summary": text, "description": text, "required": ["type": "boolean"],
                        "schema": ["type": "object"], "deprecated": ["type": "boolean"],
                    ]),
                "error": object(["code", "message"], ["code": ["type": "integer"], "message": text, "data": [:]]),
                "pairing": object(
                    ["name", "params"],
                    [
                        "name": name, "summary": text, "description": text, "params": list("example"),
                        "result": ["oneOf": [["$ref": "#/definitions/example"], reference]],
                    ]),
                "example": object(
                    ["name", "value"], ["name": name, "value": [:], "summary": text, "description": text]),
            ],
        ]
    }()
}
