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
        var pages = ListPages(of: Request("\(topic).list", [:]), over: connection)
        var names: [String]?
        while let page = try await pages.next(atMost: nil) {
            let lines = format == "csv" ? Self.csv(page.compactMap(\.object), &names) : page.map(\.text)
            if !lines.isEmpty { try Output.write(lines.joined(separator: "\n") + "\n") }
        }
    }

    /// - Parameter names: of the columns, by the first object of all.
    private static func csv(_ objects: [JSONObject], _ names: inout [String]?) -> [String] {
        guard let first = objects.first else { return [] }
        let heading = names == nil ? [CSV.line(first.members.map(\.key))] : []
        let columns = names ?? first.members.map(\.key)
        names = columns
        return heading + objects.map { object in CSV.line(columns.map { field(object[$0] ?? .null) }) }
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
