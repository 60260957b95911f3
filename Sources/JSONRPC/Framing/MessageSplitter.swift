import NIOCore

/// Cuts a stream of bytes into messages: pure, no I/O. Holds no more than one message of the longest allowed.
///
/// A message is one JSON text. Where it begins with a bracket it ends with the matching one, on the same line or a
/// later one. Everything else is taken to its line's end, and is for the parser to refuse.
///
/// A text that goes wrong ends with its line, and if it had run over several, the lines behind that look like the
/// rest of it are passed over. So one mistake is one error, and the next message is understood.
struct MessageSplitter {
    enum Frame: Equatable {
        /// Never blank. Not necessarily JSON.
        case message(ByteBuffer)
        /// A message grew beyond the limit. Comes once for each such message, whose rest is skipped.
        case oversized
    }

    private enum State {
        /// A message may begin with the next byte.
        case between
        case text
        /// To the line's end; with `wasText` it is the rest of a text over several lines.
        case line(wasText: Bool)
        /// Passing over the rest of a broken text.
        case rest(isLineStart: Bool)
    }

    private let limit: Int
    private let maxDepth: Int
    /// What was received and not cut yet, no more than one chunk.
    private var chunk = ByteBuffer()
    /// The beginning of a message whose end has not come yet.
    private var start = ByteBuffer()
    private var isSkipping = false
    private var state = State.between
    private var scanner: TextScanner
    private var hasLines = false
    private var isLineStart = false

    init(limit: Int, maxDepth: Int) {
        self.limit = limit
        self.maxDepth = maxDepth
        scanner = TextScanner(maxDepth: maxDepth)
    }

    /// Whether a message has begun and not ended.
    var isWithinMessage: Bool {
        switch state {
        case .between, .rest: false
        case .text, .line: true
        }
    }

    /// Takes a chunk. The frames of the chunk before have been taken out by then.
    mutating func push(_ chunk: ByteBuffer) { self.chunk = chunk }

    /// The next frame, nil when more bytes are needed.
    mutating func next() -> Frame? {
        while chunk.readableBytes > 0 {
            let frame =
                switch state {
                case .between: begin()
                case .text: scan()
                case .line(let wasText): line(wasText)
                case .rest(let isLineStart): passOver(isLineStart)
                }
            if let frame { return frame }
        }
        return nil
    }

    /// What has begun when nothing more comes.
    mutating func end() -> Frame? { finish(.between) }

    // MARK: States

    private mutating func begin() -> Frame? {
        guard let first = chunk.readableBytesView.firstIndex(where: { !Self.isSpace($0) }) else {
            chunk.clear()
            return nil
        }
        chunk.moveReaderIndex(to: first)
        guard Self.isBracket(chunk.readableBytesView[first]) else {
            state = .line(wasText: false)
            return nil
        }
        state = .text
        scanner = TextScanner(maxDepth: maxDepth)
        (hasLines, isLineStart) = (false, false)
        return nil
    }

    private mutating func scan() -> Frame? {
        let (taken, outcome) = { [chunk] in chunk.withUnsafeReadableBytes { scanner.scan($0) } }()
        let oversized = take(taken)
        if taken > 0 { isLineStart = false }
        switch outcome {
        case .more: return oversized
        case .line:
            (hasLines, isLineStart) = (true, true)
            return oversized
        case .complete:
            let message = finish(.between)
            return oversized ?? message
        case .broken:
            // What was before this line has no end. The line itself may be a message.
            if isLineStart, !Self.continues(chunk.readableBytesView[chunk.readerIndex]) { return finish(.between) }
            state = .line(wasText: hasLines)
            return oversized
        }
    }

    private mutating func line(_ wasText: Bool) -> Frame? {
        let lineBreak = chunk.readableBytesView.firstIndex(of: 0x0A)
        let oversized = take((lineBreak ?? chunk.writerIndex) - chunk.readerIndex)
        // Oversized comes first; the line break stays for the next turn.
        guard oversized == nil, lineBreak != nil else { return oversized }
        return finish(wasText ? .rest(isLineStart: false) : .between)
    }

    private mutating func passOver(_ isLineStart: Bool) -> Frame? {
        let byte = chunk.readableBytesView[chunk.readerIndex]
        if isLineStart, !Self.continues(byte) {
            state = .between
        } else if let lineBreak = chunk.readableBytesView.firstIndex(of: 0x0A) {
            chunk.moveReaderIndex(to: lineBreak + 1)
            state = .rest(isLineStart: true)
        } else {
            chunk.clear()
            state = .rest(isLineStart: false)
        }
        return nil
    }

    // MARK: Bytes

    /// Moves bytes to the message that is being gathered.
    /// - Returns: `.oversized` when that makes it too long.
    private mutating func take(_ length: Int) -> Frame? {
        guard !isSkipping, start.readableBytes + length <= limit else { return skip(length) }
        guard length > 0, var part = chunk.readSlice(length: length) else { return nil }
        if start.readableBytes == 0 { start = part } else { start.writeBuffer(&part) }
        return nil
    }

    private mutating func skip(_ length: Int) -> Frame? {
        chunk.moveReaderIndex(forwardBy: length)
        start = ByteBuffer()
        defer { isSkipping = true }
        return isSkipping ? nil : .oversized
    }

    /// - Returns: the message that was gathered, nil where there is none or it was skipped.
    private mutating func finish(_ next: State) -> Frame? {
        defer {
            start = ByteBuffer()
            isSkipping = false
            state = next
        }
        return isSkipping || start.readableBytes == 0 ? nil : .message(start)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func isBracket(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") }

    /// Whether a line that begins so looks like the rest of a text that began before.
    private static func continues(_ byte: UInt8) -> Bool {
        isSpace(byte)
            || [UInt8(ascii: "\""), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ",")].contains(byte)
    }
}
