/// Finds what somebody may have meant.
enum NearestName {
    /// The name with the fewest edits, if they are few for its length.
    ///
    /// The last part of a dotted name counts too: `listen` is near `http.listen`.
    static func of(_ word: String, among names: some Sequence<String>) -> String? {
        let scored = names.map { name in
            let last = name.split(separator: ".").last.map(String.init) ?? name
            return (name: name, edits: min(edits(word, name), edits(word, last)))
        }
        guard let best = scored.min(by: { ($0.edits, $0.name) < ($1.edits, $1.name) }) else { return nil }
        return best.edits <= max(1, word.count / 3) ? best.name : nil
    }

    /// ", did you mean …?" or the list of all.
    static func hint(for word: String, among names: [String]) -> String {
        of(word, among: names).map { "did you mean \($0)?" }
            ?? "known are \(names.sorted().joined(separator: ", "))"
    }

    /// Levenshtein's distance, with two neighbours that changed places counted as one edit: `ulr` is `url`.
    static func edits(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var before = [Int](repeating: 0, count: right.count + 1)
        var row = Array(0...right.count)
        for i in left.indices {
            var next = [i + 1]
            for j in right.indices {
                let substituted = row[j] + (left[i] == right[j] ? 0 : 1)
                next.append(min(substituted, row[j + 1] + 1, next[j] + 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    next[j + 1] = min(next[j + 1], before[j - 1] + 1)
                }
            }
            (before, row) = (row, next)
        }
        return row[right.count]
    }
}
