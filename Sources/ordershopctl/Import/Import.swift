import ArgumentParser
import Glibc
import JSON

/// Many entities from a file.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create customers, products or inventories from a file: all of them, or none.",
        discussion: """
            NDJSON has one JSON object a line. CSV has the names of the properties in its first line; what holds several \
            values has them separated by blanks. Ids are given anew. All lines are checked before the first is created.
            """)

    @Argument(help: "What they are: customer, product, inventory …") var topic: String
    @Argument(help: "The file; - for the standard input.") var file: String
    @Option(help: ArgumentHelp("ndjson or csv. (default: by the file's name)", valueName: "format")) var format:
        String?
    @Flag(help: "Create those that can be, and tell of the others.") var skipBad = false
    @Flag(help: "Only check.") var dryRun = false
    @OptionGroup var connection: ConnectionOptions

    private static let chunk = 500

    mutating func run() async throws {
        let file = try ImportFile(try text(), format: try chosenFormat(), types: try await types())
        var progress = Progress("checking", of: file.lines.count)
        let found = try await check(file.lines, &progress)
        let problems = (file.problems + found).sorted { $0.line < $1.line }
        if !problems.isEmpty { report(problems) }
        if !problems.isEmpty, !skipBad {
            throw Failure(
                .refused, "Nothing was created. --skip-bad creates the other \(file.lines.count - found.count).")
        }
        let bad = Set(problems.map(\.line))
        let good = file.lines.filter { !bad.contains($0.number) }
        if dryRun { return try Output.write("\(good.count) can be created, \(problems.count) cannot.\n") }
        let (created, refused) = try await create(good)
        try finish(created: created, skipped: problems.count + refused)
    }

    private func finish(created: Int, skipped: Int) throws {
        let result = JSONObject([
            ("created", .number(JSONNumber(Int64(created)))), ("skipped", .number(JSONNumber(Int64(skipped)))),
        ])
        let sentence = skipped == 0 ? "\(created) created." : "\(created) created, \(skipped) skipped."
        try Output.write((connection.json ? JSONValue.object(result).text : sentence) + "\n")
    }

    // MARK: Reading

    private func text() throws(Failure) -> [UInt8] {
        let descriptor = file == "-" ? STDIN_FILENO : open(file, O_RDONLY)
        guard descriptor >= 0 else {
            throw Failure(.usage, "\(file) cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        return try readAll(of: descriptor, named: file)
    }

    private func chosenFormat() throws(Failure) -> ImportFile.Format {
        let name = format ?? (file.lowercased().hasSuffix(".csv") ? "csv" : "ndjson")
        guard let format = ImportFile.Format(rawValue: name) else {
            throw Failure(.usage, "The format is ndjson or csv, not \(name).")
        }
        return format
    }

    /// What a create takes.
    private func types() async throws(Failure) -> [String: String] {
        let methods = try await connection.call(Request("rpc.methods", [:])).array ?? []
        guard let create = methods.first(where: { $0["name"]?.string == "\(topic).create" }) else {
            throw Failure(.refused, "Nothing is called \(topic) that can be created.")
        }
        let properties = create["params"]?["properties"]?.object?.members ?? []
        return Dictionary(properties.map { ($0.key, $0.value["type"]?.string ?? "") }) { $1 }
    }

    // MARK: Calls

    private func check(
        _ lines: [ImportFile.Line], _ progress: inout Progress
    ) async throws(Failure) -> [ImportFile.Problem] {
        var problems: [ImportFile.Problem] = []
        for chunk in lines.chunks(of: Self.chunk) {
            for problem in try await call("import.check", chunk).array ?? [] {
                guard let index = problem["index"]?.number?.int64,
                    chunk.indices.contains(chunk.startIndex + Int(index))
                else { continue }
                let words = [problem["pointer"]?.string ?? "", problem["detail"]?.string ?? ""].joined(
                    separator: " ")
                problems.append(.init(line: chunk[chunk.startIndex + Int(index)].number, reason: words))
            }
            progress.advance(by: chunk.count)
        }
        progress.end()
        return problems
    }

    /// - Returns: how many were created, and how many the shop refused.
    private func create(_ lines: [ImportFile.Line]) async throws(Failure) -> (created: Int, refused: Int) {
        var progress = Progress("creating", of: lines.count)
        var (ids, refused) = ([String](), 0)
        for chunk in lines.chunks(of: Self.chunk) {
            do throws(Failure) {
                ids += try await call("import.create", chunk).array?.compactMap(\.string) ?? []
            } catch {
                guard error.status == .refused else { throw error }
                if skipBad {
                    refused += try await createSingly(chunk, &ids)
                } else {
                    throw try await takeBack(ids, error)
                }
            }
            progress.advance(by: chunk.count)
        }
        progress.end()
        return (ids.count, refused)
    }

    /// One of them stands against the state of the shop: the others need not suffer.
    private func createSingly(_ lines: ArraySlice<ImportFile.Line>, _ ids: inout [String]) async throws(Failure)
        -> Int
    {
        var problems: [ImportFile.Problem] = []
        for line in lines {
            do throws(Failure) {
                ids += try await call("import.create", [line]).array?.compactMap(\.string) ?? []
            } catch {
                guard error.status == .refused else { throw error }
                problems.append(.init(line: line.number, reason: error.message))
            }
        }
        report(problems)
        return problems.count
    }

    /// The shop refused a step behind others that are done: they are deleted again.
    private func takeBack(_ ids: [String], _ reason: Failure) async throws(Failure) -> Failure {
        for id in ids.reversed() {
            _ = try await connection.call(Request("\(topic).delete", ["id": .string(id)]))
        }
        let words = ids.isEmpty ? "Nothing was created." : "The \(ids.count) that were created are deleted again."
        return Failure(reason.status, reason.message + "\n" + words)
    }

    private func call(_ method: String, _ lines: ArraySlice<ImportFile.Line>) async throws(Failure) -> JSONValue {
        try await connection.call(
            Request(method, ["topic": .string(topic), "entities": .array(lines.map(\.entity))]))
    }

    private func report(_ problems: [ImportFile.Problem]) {
        let shown = problems.prefix(20).map { "line \($0.line): \($0.reason)" }
        let rest = problems.count > 20 ? ["… and \(problems.count - 20) more"] : []
        Output.complain((shown + rest).joined(separator: "\n"))
    }
}

extension Array {
    fileprivate func chunks(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
