import NIOCore

/// Cuts a stream of bytes into lines: pure, no I/O. Holds no more than one line of the longest allowed.
struct LineSplitter {
    enum Frame: Equatable {
        /// Without its line break, never blank.
        case line(ByteBuffer)
        /// A line grew beyond the limit. Comes once for each such line, whose rest is skipped.
        case oversized
    }

    private let limit: Int
    /// What was received and not cut yet, no more than one chunk.
    private var chunk = ByteBuffer()
    /// The beginning of a line whose end has not come yet.
    private var start = ByteBuffer()
    private var isSkipping = false

    init(limit: Int) { self.limit = limit }

    /// Takes a chunk. The frames of the chunk before have been taken out by then.
    mutating func push(_ chunk: ByteBuffer) { self.chunk = chunk }

    /// The next frame, nil when more bytes are needed.
    mutating func next() -> Frame? {
        while let lineBreak = chunk.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            let length = lineBreak - chunk.readerIndex
            let oversized = take(length)
            chunk.moveReaderIndex(forwardBy: 1)
            let line = finishLine()
            if let frame = oversized ?? line { return frame }
        }
        return take(chunk.readableBytes)
    }

    /// What stands after the last line break when nothing more comes.
    mutating func end() -> Frame? { finishLine() }

    /// Moves bytes to the line that is being gathered.
    /// - Returns: `.oversized` when that makes it too long.
    private mutating func take(_ length: Int) -> Frame? {
        guard !isSkipping, start.readableBytes + length <= limit else { return skip(length) }
        guard var part = chunk.readSlice(length: length) else { return nil }
        if start.readableBytes == 0 { start = part } else { start.writeBuffer(&part) }
        return nil
    }

    private mutating func skip(_ length: Int) -> Frame? {
        chunk.moveReaderIndex(forwardBy: length)
        start = ByteBuffer()
        defer { isSkipping = true }
        return isSkipping ? nil : .oversized
    }

    /// The line is whole.
    /// - Returns: nil for one that is blank or was skipped.
    private mutating func finishLine() -> Frame? {
        defer {
            start = ByteBuffer()
            isSkipping = false
        }
        return isSkipping || start.readableBytesView.allSatisfy(isSpace) ? nil : .line(start)
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0D || byte == 0x09 }
}
