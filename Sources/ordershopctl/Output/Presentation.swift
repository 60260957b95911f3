import JSON

extension Presentation {
    /// The result in words and tables, without a line break at the end; empty where there is nothing to show.
    func text(of result: JSONValue, on screen: Screen) -> String {
        switch self {
        case .table(let empty, let hidden):
            result == [] ? empty : Self.readable(result.without(hidden), screen)
        case .record: result == .null ? "" : Self.readable(result, screen)
        case .done(let sentence):
            result == true || result == .null ? printable(sentence) : Self.readable(result, screen)
        case .plain: Self.readable(result, screen)
        case .status: StatusReport(result).text(on: screen)
        case .sections: Self.sections(result.object ?? JSONObject(), screen)
        case .lines: (result.array ?? []).map { printable($0.text) }.joined(separator: "\n")
        case .events: Self.events(result, screen)
        case .trace: TraceReport(result).text(on: screen)
        case .history: Self.history(result, screen)
        case .settings: Table(Self.settings(result)).text(on: screen)
        case .module: ModuleReport(result).text(on: screen)
        case .preview: PreviewReport(result).text(on: screen)
        case .prettyJSON: PrettyJSON.text(result)
        }
    }

    private static func events(_ events: JSONValue, _ screen: Screen) -> String {
        events == []
            ? "There are no such events."
            : (events.array ?? []).map { EventLine($0).text(on: screen) }.joined(separator: "\n")
    }

    private static func history(_ page: JSONValue, _ screen: Screen) -> String {
        let rest = [
            page["next"].map { "There is more: --cursor \(Cell.text($0)) goes on." },
            page["trimmed_up_to"].map { "What happened up to \(Cell.text($0)) has been trimmed from the streams." },
        ]
        return ([events(page["events"] ?? [], screen)] + rest.compactMap(\.self)).joined(separator: "\n")
    }

    /// Any value, as its kind suggests.
    static func readable(_ value: JSONValue, _ screen: Screen) -> String {
        if let object = value.object { return record(object, screen) }
        if let objects = value.array?.compactMap(\.object), objects.count == value.array?.count, !objects.isEmpty {
            return Table(objects).text(on: screen)
        }
        return Cell.text(value)
    }

    private static func settings(_ value: JSONValue) -> [JSONObject] {
        (value.object?.members ?? []).map { setting in
            JSONObject([
                ("setting", .string(setting.key)), ("value", setting.value["value"] ?? ""),
                ("from", setting.value["from"] ?? ""),
            ])
        }
    }

    private static func sections(_ object: JSONObject, _ screen: Screen) -> String {
        let lists = object.members.filter { $0.value.array != nil }
        let facts = object.members.filter { $0.value.array == nil }
        let tables = lists.filter { $0.value != [] }.map { list in
            screen.heading(printable(list.key).replacing("_", with: " ")) + "\n" + readable(list.value, screen)
        }
        return ([record(JSONObject(facts.map { ($0.key, $0.value) }), screen)] + tables).joined(separator: "\n\n")
    }

    static func record(_ object: JSONObject, _ screen: Screen) -> String {
        let members = object.members.filter { $0.value != "" && $0.value != .null }
        let names = members.map { printable($0.key).replacing("_", with: " ") }
        let width = names.map(\.columns).max() ?? 0
        return zip(names, members).map { name, member in
            var text = Cell.text(member.value, of: member.key)
            if let age = Cell.age(of: member.value, member.key) { text += " (\(age))" }
            let space = text.isEmpty ? "" : String(repeating: " ", count: width - name.columns + 2)
            return screen.heading(name) + space + text
        }
        .joined(separator: "\n")
    }
}

/// JSON over several lines, for people. Strings and numbers stand as in the compact text.
enum PrettyJSON {
    static func text(_ value: JSONValue, indent: String = "") -> String {
        let inner = indent + "  "
        switch value {
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { inner + text($0, indent: inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + indent + "]"
        case .object(let object) where !object.members.isEmpty:
            let lines = object.members.map { member in
                inner + scalar(.string(member.key)) + ": " + text(member.value, indent: inner)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + indent + "}"
        case .null, .bool, .number, .string, .array, .object: return scalar(value)
        }
    }

    private static func scalar(_ value: JSONValue) -> String { printable(value.text) }
}

extension JSONValue {
    /// A list of objects without some of their members.
    fileprivate func without(_ keys: Set<String>) -> JSONValue {
        guard !keys.isEmpty, let elements = array else { return self }
        return .array(
            elements.map { element in
                guard let object = element.object else { return element }
                let members = object.members.filter { !keys.contains($0.key) }
                return .object(JSONObject(members.map { ($0.key, $0.value) }))
            })
    }
}
