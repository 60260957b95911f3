import ArgumentParser
import JSON

/// A decimal number as it was typed: it goes out with these digits and never through binary floating point.
struct DecimalNumber: ExpressibleByArgument {
    let number: JSONNumber

    init?(argument: String) {
        guard !argument.contains(where: { $0 == "e" || $0 == "E" || $0.isWhitespace }),
            case .number(let number)? = try? JSONValue(parsing: argument.utf8)
        else { return nil }
        self.number = number
    }
}

/// `ID`, or `ID*3` for three pieces of it.
struct Pieces: ExpressibleByArgument {
    let id: String
    let count: Int

    init?(argument: String) {
        let parts = argument.split(separator: "*", omittingEmptySubsequences: false)
        guard let id = parts.first, !id.isEmpty, parts.count <= 2 else { return nil }
        guard let count = parts.count == 2 ? Int(parts[1]) : 1, (1...10_000).contains(count) else { return nil }
        self.id = String(id)
        self.count = count
    }
}

extension [Pieces] {
    /// Each id once per piece.
    var ids: JSONValue { .array(flatMap { repeatElement(.string($0.id), count: $0.count) }) }
}
