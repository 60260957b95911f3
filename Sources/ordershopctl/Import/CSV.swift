/// Comma-separated values as RFC 4180 has them: quotes around what holds commas, quotes or line breaks.
enum CSV {
    struct Row: Equatable {
        /// The line that it begins on, from 1.
        let line: Int
        let fields: [String]
    }

    /// - Throws: a sentence that names the line.
    static func rows(in text: some Collection<UInt8>) throws(Failure) -> [Row] {
        var reader = Reader()
        for byte in text { try reader.take(byte) }
        return try reader.end()
    }

    static func line(_ fields: [String]) -> String {
        fields.map { field in
            let mustBeQuoted = field.utf8.contains { [0x2C, 0x22, 0x0D, 0x0A].contains($0) }
            return mustBeQuoted ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
        }
        .joined(separator: ",")
    }

    private struct Reader {
        private enum State { case start, plain, quoted, quoteInQuoted }

        private var rows: [Row] = []
        private var fields: [String] = []
        private var field: [UInt8] = []
        private var state = State.start
        private var line = 1
        private var first = 1

        mutating func take(_ byte: UInt8) throws(Failure) {
            if byte == UInt8(ascii: "\n") { line += 1 }
            switch (state, byte) {
            case (.start, UInt8(ascii: "\"")): state = .quoted
            case (.quoted, UInt8(ascii: "\"")): state = .quoteInQuoted
            case (.quoteInQuoted, UInt8(ascii: "\"")): keep(byte, .quoted)
            case (.quoted, _): field.append(byte)
            case (_, UInt8(ascii: ",")): endField()
            case (_, UInt8(ascii: "\n")): endRow()
            case (_, UInt8(ascii: "\r")): break
            case (.quoteInQuoted, _):
                throw Failure(.refused, "Line \(line): a quote ends in the middle of a field; write it twice: \"\"")
            case (.start, _), (.plain, _): keep(byte, .plain)
            }
        }

        mutating func end() throws(Failure) -> [Row] {
            if state == .quoted { throw Failure(.refused, "Line \(first): a quote is not closed.") }
            if !field.isEmpty || !fields.isEmpty || state != .start { endRow() }
            return rows
        }

        private mutating func keep(_ byte: UInt8, _ next: State) {
            field.append(byte)
            state = next
        }

        private mutating func endField() {
            fields.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
            state = .start
        }

        /// Empty lines say nothing.
        private mutating func endRow() {
            endField()
            if fields != [""] { rows.append(Row(line: first, fields: fields)) }
            fields = []
            first = line
        }
    }
}
