import JSON

/// What stands in a file that is to be imported: an entity a line, or what is wrong with the line.
struct ImportFile {
    struct Line {
        let number: Int
        let entity: JSONValue
    }

    struct Problem {
        let line: Int
        let reason: String
    }

    enum Format: String, CaseIterable { case ndjson, csv }

    private(set) var lines: [Line] = []
    private(set) var problems: [Problem] = []

    /// - Parameter types: what a create takes: property → its type as JSON Schema has it.
    init(_ text: [UInt8], format: Format, types: [String: String]) throws(Failure) {
        switch format {
        case .ndjson: readJSON(text)
        case .csv: try readCSV(text, types)
        }
    }

    private mutating func readJSON(_ text: [UInt8]) {
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
            do {
                guard let object = try JSONValue(parsing: line).object else {
                    problems.append(Problem(line: index + 1, reason: "is no JSON object"))
                    continue
                }
                add(object, index + 1)
            } catch {
                problems.append(Problem(line: index + 1, reason: "is not JSON: \(error)"))
            }
        }
    }

    private mutating func readCSV(_ text: [UInt8], _ types: [String: String]) throws(Failure) {
        let rows = try CSV.rows(in: text)
        guard let header = rows.first else { return }
        for row in rows.dropFirst() {
            guard row.fields.count == header.fields.count else {
                let reason = "has \(row.fields.count) fields, and the first line has \(header.fields.count)"
                problems.append(Problem(line: row.line, reason: reason))
                continue
            }
            let members = zip(header.fields, row.fields).filter { !$0.1.isEmpty }
            add(JSONObject(members.map { ($0, Self.value($1, types[$0])) }), row.line)
        }
    }

    /// Ids are given anew, so those of an export are left out.
    private mutating func add(_ object: JSONObject, _ line: Int) {
        let members = object.members.filter { $0.key != "id" }.map { ($0.key, $0.value) }
        lines.append(Line(number: line, entity: .object(JSONObject(members))))
    }

    /// What does not look like a number stays text, for the daemon to say what it should have been.
    private static func value(_ text: String, _ type: String?) -> JSONValue {
        switch type {
        case "number", "integer":
            if case .number(let number)? = try? JSONValue(parsing: text.utf8) { return .number(number) }
            return .string(text)
        case "array": return .array(text.split(separator: " ").map { .string(String($0)) })
        default: return .string(text)
        }
    }
}
