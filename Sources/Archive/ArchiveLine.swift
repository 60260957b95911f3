import EventStore
import FoundationEssentials
import JSON
import NIOCore

/// An event as a line of an archive: a JSON object with `id`, `stream`, and then the entry's fields in their order.
///
/// `entity` stands as it was written, byte for byte, where it is a JSON object on one line. Other fields are JSON
/// strings. What is no UTF-8, and an entity that is no such object, stands in base64 under its name with `_base64`
/// behind it; so does a field whose name ends in this way by itself.
enum ArchiveLine {
    private static let suffix = "_base64"

    // MARK: Writing

    static func write(_ event: StoredEvent, to line: inout [UInt8]) throws(ArchiveError) {
        line += "{\"id\":\"\(event.id)\",\"stream\":".utf8
        line += JSONValue.string("\(event.stream)").text.utf8
        for field in event.fields { try write(field, of: event, to: &line) }
        line += "}\n".utf8
    }

    /// The line as a value; as text where it has a name twice, as no object can.
    static func json(_ event: StoredEvent) throws(ArchiveError) -> JSONValue {
        var line: [UInt8] = []
        try write(event, to: &line)
        return (try? JSONValue(parsing: line)) ?? .string(String(decoding: line.dropLast(), as: UTF8.self))
    }

    private static func write(
        _ field: StoredEvent.Field, of event: StoredEvent, to line: inout [UInt8]
    ) throws(ArchiveError) {
        guard let name = String(validating: field.name.readableBytesView, as: UTF8.self) else {
            throw ArchiveError(
                .io,
                "the event \(event.id) of \(event.stream) has a field whose name is no text: it cannot be archived")
        }
        let isPlain = !name.hasSuffix(suffix)
        if isPlain, name == "entity", isObjectOnOneLine(field.value) {
            line += ",\(JSONValue.string(name).text):".utf8
            line += field.value.readableBytesView
        } else if isPlain, name != "entity",
            let text = String(validating: field.value.readableBytesView, as: UTF8.self)
        {
            line += ",\(JSONValue.string(name).text):\(JSONValue.string(text).text)".utf8
        } else {
            let text = Data(field.value.readableBytesView).base64EncodedString()
            line += ",\(JSONValue.string(name + suffix).text):\"\(text)\"".utf8
        }
    }

    private static func isObjectOnOneLine(_ value: ByteBuffer) -> Bool {
        let bytes = value.readableBytesView
        return bytes.first == UInt8(ascii: "{") && bytes.last == UInt8(ascii: "}")
            && !bytes.contains { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            && (try? JSONValue(parsing: bytes))?.object != nil
    }

    // MARK: Reading

    /// - Returns: nil where the line is not one of an archive.
    static func read(_ line: ArraySlice<UInt8>) -> StoredEvent? {
        guard let members = RawMembers.read(line), members.count >= 2,
            members[0].name == "id", members[1].name == "stream",
            let id = string(members[0].value).flatMap({ EventID($0) }),
            let stream = string(members[1].value).flatMap({ StreamKey(parsing: $0) })
        else { return nil }
        var fields: [StoredEvent.Field] = []
        for member in members.dropFirst(2) {
            guard let field = field(member.name, member.value) else { return nil }
            fields.append(field)
        }
        return StoredEvent(id: id, stream: stream, fields: fields)
    }

    private static func field(_ name: String, _ value: ArraySlice<UInt8>) -> StoredEvent.Field? {
        if name.hasSuffix(suffix) {
            guard let text = string(value), let bytes = Data(base64Encoded: text) else { return nil }
            return .init(
                name: ByteBuffer(string: String(name.dropLast(suffix.count))), value: ByteBuffer(bytes: bytes))
        }
        if name == "entity" { return .init(name: ByteBuffer(string: name), value: ByteBuffer(bytes: value)) }
        return string(value).map { .init(name: ByteBuffer(string: name), value: ByteBuffer(string: $0)) }
    }

    private static func string(_ value: ArraySlice<UInt8>) -> String? {
        (try? JSONValue(parsing: value))?.string
    }
}

/// The members of a JSON object, their values as they stand. A name may stand twice.
struct RawMembers {
    private let text: ArraySlice<UInt8>
    private var position: Int

    /// - Returns: nil where the text is no object.
    static func read(_ text: ArraySlice<UInt8>) -> [(name: String, value: ArraySlice<UInt8>)]? {
        var reader = RawMembers(text: text, position: text.startIndex)
        return reader.members()
    }

    private mutating func members() -> [(name: String, value: ArraySlice<UInt8>)]? {
        guard take("{") else { return nil }
        var members: [(name: String, value: ArraySlice<UInt8>)] = []
        repeat {
            guard let name = value(), let text = (try? JSONValue(parsing: name))?.string, take(":"),
                let value = value()
            else { return nil }
            members.append((text, value))
        } while take(",")
        return take("}") && position == text.endIndex ? members : nil
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard position < text.endIndex, text[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    /// Up to the comma or the brace behind it: brackets are counted, strings are passed over.
    private mutating func value() -> ArraySlice<UInt8>? {
        let start = position
        var depth = 0
        var isInString = false
        while position < text.endIndex {
            let byte = text[position]
            if isInString {
                if byte == UInt8(ascii: "\\") { position += 1 }
                isInString = byte != UInt8(ascii: "\"")
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"):
                    if depth == 0 { return position > start ? text[start..<position] : nil }
                    if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { depth -= 1 }
                default: break
                }
            }
            position += 1
        }
        return nil
    }
}
