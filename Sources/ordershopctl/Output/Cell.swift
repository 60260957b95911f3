import Glibc
import JSON

/// One value in one line.
enum Cell {
    /// - Parameter key: the member's name; times are told by it.
    static func text(_ value: JSONValue, of key: String = "") -> String {
        switch value {
        case .null: ""
        case .bool(let value): value ? "yes" : "no"
        case .number(let number): isTime(key) ? localTime(number) ?? number.text : number.text
        case .string(let text): printable(text)
        case .array(let elements): pieces(elements)
        case .object(let object):
            object.members.map { (name: printable($0.key), text: text($0.value, of: $0.key)) }
                .filter { !$0.text.isEmpty }.map { "\($0.name.replacing("_", with: " ")) \($0.text)" }
                .joined(separator: ", ")
        }
    }

    /// What stands several times is written once, as the options take it: `ID*3`.
    private static func pieces(_ elements: [JSONValue]) -> String {
        var counted: [(text: String, count: Int)] = []
        var places: [String: Int] = [:]
        for text in elements.map({ text($0) }) {
            if let place = places[text] {
                counted[place].count += 1
            } else {
                places[text] = counted.count
                counted.append((text, 1))
            }
        }
        return counted.map { $0.count == 1 ? $0.text : "\($0.text)*\($0.count)" }.joined(separator: ", ")
    }

    private static func isTime(_ key: String) -> Bool { key == "done" || key.hasSuffix("_at") }

    private static func localTime(_ number: JSONNumber) -> String? {
        guard number.double > 0, number.double < 1e11 else { return nil }
        var seconds = time_t(number.double)
        var parts = tm()
        var buffer = [CChar](repeating: 0, count: 32)
        guard localtime_r(&seconds, &parts) != nil else { return nil }
        let length = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
