/// The shortest sequence that still fails: halves are left out, then quarters, and in the end single elements.
/// - Parameter fails: whether a part of the sequence fails.
func shrunk<Element>(_ sequence: [Element], _ fails: ([Element]) async throws -> Bool) async rethrows -> [Element] {
    var shortest = sequence
    var size = max(1, sequence.count / 2)
    while true {
        var start = 0
        var isShorter = false
        while start < shortest.count {
            let end = min(start + size, shortest.count)
            let rest = Array(shortest[..<start] + shortest[end...])
            if try await fails(rest) {
                shortest = rest
                isShorter = true
            } else {
                start = end
            }
        }
        if size > 1 { size /= 2 } else if !isShorter { return shortest }
    }
}
