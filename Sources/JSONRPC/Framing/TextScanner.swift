/// Finds where a JSON text ends that begins with a bracket, byte by byte and in any pieces: pure, no I/O.
///
/// It knows the grammar between tokens, so that a text which cannot become valid any more is noticed where it goes
/// wrong. What strings, numbers and words are made of is left to the parser.
struct TextScanner {
    enum Outcome {
        /// All bytes are in the text, which goes on.
        case more
        /// The last byte taken was a line break within the text.
        case line
        /// The last byte taken was the text's last.
        case complete
        /// The next byte cannot stand where it stands.
        case broken
    }

    private enum State {
        case value, firstElement, firstName, name, colon, next
        case string(isName: Bool), escape(isName: Bool)
        case scalar
    }

    private let maxDepth: Int
    private var state = State.value
    /// The containers that are open, innermost last: whether each is an object.
    private var open: [Bool] = []

    init(maxDepth: Int) { self.maxDepth = maxDepth }

    /// - Returns: how many bytes were taken, and why no more.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) -> (taken: Int, Outcome) {
        var index = 0
        while index < bytes.count {
            let outcome = take(bytes[index])
            switch outcome {
            case .more: index += 1
            case .line, .complete: return (index + 1, outcome)
            case .broken: return (index, .broken)
            }
        }
        return (index, .more)
    }

    private mutating func take(_ byte: UInt8) -> Outcome {
        switch state {
        case .string(let isName): return string(byte, isName)
        case .escape(let isName):
            state = .string(isName: isName)
            return byte < 0x20 ? .broken : .more
        case .scalar:
            if Self.isWord(byte) { return .more }
            state = .next
            return token(byte)
        case .value, .firstElement, .firstName, .name, .colon, .next: return token(byte)
        }
    }

    private mutating func string(_ byte: UInt8, _ isName: Bool) -> Outcome {
        switch byte {
        case UInt8(ascii: "\""): state = isName ? .colon : .next
        case UInt8(ascii: "\\"): state = .escape(isName: isName)
        case 0..<0x20: return .broken
        default: break
        }
        return .more
    }

    private mutating func token(_ byte: UInt8) -> Outcome {
        switch (byte, state) {
        case (0x0A, _): return .line
        case (0x20, _), (0x09, _), (0x0D, _): return .more
        case (UInt8(ascii: "\""), .firstName), (UInt8(ascii: "\""), .name): state = .string(isName: true)
        case (UInt8(ascii: ":"), .colon): state = .value
        case (UInt8(ascii: ","), .next): state = open.last == true ? .name : .value
        case (UInt8(ascii: "}"), .firstName), (UInt8(ascii: "}"), .next): return close(isObject: true)
        case (UInt8(ascii: "]"), .firstElement), (UInt8(ascii: "]"), .next): return close(isObject: false)
        case (_, .value), (_, .firstElement): return value(byte)
        default: return .broken
        }
        return .more
    }

    private mutating func value(_ byte: UInt8) -> Outcome {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard open.count < maxDepth else { return .broken }
            open.append(byte == UInt8(ascii: "{"))
            state = byte == UInt8(ascii: "{") ? .firstName : .firstElement
        case UInt8(ascii: "\""): state = .string(isName: false)
        case _ where Self.isWord(byte): state = .scalar
        default: return .broken
        }
        return .more
    }

    private mutating func close(isObject: Bool) -> Outcome {
        guard open.popLast() == isObject else { return .broken }
        state = .next
        return open.isEmpty ? .complete : .more
    }

    /// What numbers and words are made of.
    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
