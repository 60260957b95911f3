import JSON

/// The answer of `module.preview`, in sentences.
struct PreviewReport {
    private let preview: JSONValue

    init(_ preview: JSONValue) { self.preview = preview }

    func text(on screen: Screen) -> String {
        let waiting = number("waiting")
        if waiting == 0 { return "No event waits." }
        var lines = [screen.heading("\(atLeast)\(waiting) events wait") + oldest]
        lines += members("streams").map { "  \($0.value.text)  \(printable($0.key))" }
        lines.append("")
        let tried = number("tried")
        lines.append(screen.heading(tried < waiting ? "What the first \(tried) would do:" : "What they would do:"))
        let effects = members("effects")
        lines += effects.isEmpty ? ["  nothing"] : effects.map { "  \($0.value.text)  \(printable($0.key))" }
        if number("failing") > 0 {
            lines += [
                "",
                "\(number("failing")) could not be handled as things are: \(printable(preview["reason"]?.string ?? ""))",
            ]
        }
        return lines.joined(separator: "\n")
    }

    private var atLeast: String { preview["waiting_at_least"] == true ? "At least " : "" }
    private var oldest: String { preview["oldest"]?.string.map { ", the oldest since \($0)" } ?? "" }
    private func number(_ name: String) -> Int64 { preview[name]?.number?.int64 ?? 0 }
    private func members(_ name: String) -> [JSONObject.Member] { preview[name]?.object?.members ?? [] }
}
