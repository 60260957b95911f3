import ArgumentParser
import JSON

/// All entities of a kind, for a file.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print all customers, products or others, as NDJSON or CSV.")

    @Argument(help: "What: customer, product, inventory, order, billing.") var topic: String
    @Option(help: ArgumentHelp("ndjson or csv.", valueName: "format")) var format = "ndjson"
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if ImportFile.Format(rawValue: format) == nil { throw ValidationError("The format is ndjson or csv.") }
    }

    mutating func run() async throws {
        let list = try await connection.call(Request("\(topic).list", [:])).array ?? []
        let lines = format == "csv" ? Self.csv(list.compactMap(\.object)) : list.map(\.text)
        for start in stride(from: 0, to: lines.count, by: 1_000) {
            let part = lines[start..<min(start + 1_000, lines.count)]
            try Output.write(part.joined(separator: "\n") + "\n")
        }
    }

    private static func csv(_ objects: [JSONObject]) -> [String] {
        guard let first = objects.first else { return [] }
        let names = first.members.map(\.key)
        return [CSV.line(names)] + objects.map { object in CSV.line(names.map { field(object[$0] ?? .null) }) }
    }

    private static func field(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        case .array(let elements): elements.map(field).joined(separator: " ")
        case .bool, .number, .object: value.text
        }
    }
}
