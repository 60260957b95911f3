/// The same numbers for the same seed, on every machine.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What a client might send that means well, or does not.
struct FuzzInput {
    private static let fragments = [
        #"{"jsonrpc":"2.0","method":"sum","params":[1,2],"id":1}"#,
        "{\n  \"jsonrpc\": \"2.0\",\n  \"method\": \"a\",\n  \"id\": null\n}",
        #"[{"jsonrpc":"2.0","method":"a"},{"id":2}]"#, "[]", "[1,2,3]", "{}", "[[[[[[[[[[", "]]]", "}}", "{\"a\":",
        "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"\\u0000\"", "1e400", "-0.5E+7", "123456789012345678901234567890",
        "true", "nul", "\n", "\r\n", " ", "\t", ",", ":", "\"", "\\", "\"a\\\"b\"", "{\"a\":1,\"a\":2}", "\0",
        "GET / HTTP/1.1\r\n\r\n", "é😀",
    ].map { Array($0.utf8) }

    private var random: SplitMix
    private(set) var bytes: [UInt8] = []

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        for _ in 0..<Int.random(in: 1...4, using: &random) { append() }
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty { mutate() }
    }

    private mutating func append() {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: bytes += (0..<Int.random(in: 0...12, using: &random)).map { _ in anyByte() }
        default: bytes += Self.fragments.randomElement(using: &random) ?? []
        }
    }

    private mutating func mutate() {
        let index = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = anyByte()
        case 1: bytes.remove(at: index)
        case 2: bytes.removeSubrange(index...)
        default: bytes.insert(contentsOf: Self.fragments.randomElement(using: &random) ?? [], at: index)
        }
    }

    private mutating func anyByte() -> UInt8 { UInt8.random(in: 0...255, using: &random) }

    /// The bytes in pieces as they might arrive.
    mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...24, using: &random))
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
