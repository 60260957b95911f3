import JSON

/// One value in one line.
enum Cell {
    /// - Parameter key: the member's name; times and sizes are told by it.
    static func text(_ value: JSONValue, of key: String = "") -> String {
        switch value {
        case .null: ""
        case .bool(let value): value ? "yes" : "no"
        case .number(let number): self.text(number, of: key)
        case .string(let text): Moment(rfc3339: text)?.local ?? printable(text)
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

    private static func text(_ number: JSONNumber, of key: String) -> String {
        if isTime(key), let moment = Moment(unix: number.double) { return moment.local }
        if key == "bytes" || key.hasSuffix("_bytes") { return ByteCount(number.double).description }
        return number.text
    }

    /// Names of members that hold unix seconds.
    static func isTime(_ key: String) -> Bool { key == "done" || key.hasSuffix("_at") }

    /// How long ago it was, where the value is a time.
    static func age(of value: JSONValue, _ key: String, now: Double = Moment.now) -> String? {
        switch value {
        case .number(let number): isTime(key) ? Moment(unix: number.double)?.relative(to: now) : nil
        case .string(let text): Moment(rfc3339: text)?.relative(to: now)
        case .null, .bool, .array, .object: nil
        }
    }
}
