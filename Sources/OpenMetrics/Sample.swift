/// The names and values that tell one series of a family from the others, in the order in which they are shown.
struct Labels: Hashable, Sendable {
    let pairs: [Pair]

    struct Pair: Hashable, Sendable {
        let name: String
        let value: String
    }

    init(_ dimensions: [(String, String)] = []) { pairs = dimensions.map { Pair(name: $0.0, value: $0.1) } }

    /// With one more behind: the bound of a histogram's bucket.
    func with(_ name: String, _ value: String) -> String { Self.text(pairs + [Pair(name: name, value: value)]) }

    var text: String { Self.text(pairs) }

    private static func text(_ pairs: [Pair]) -> String {
        pairs.isEmpty ? "" : "{" + pairs.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    /// As both formats want it in a value.
    static func escaped(_ text: String) -> String { onOneLine(text).replacing("\"", with: "\\\"") }

    static func onOneLine(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}

extension Double {
    /// As both formats write numbers: without a fraction where there is none.
    var sampleText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self > 0 ? "+Inf" : "-Inf" }
        return self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self)
    }
}
