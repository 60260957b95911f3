import EventStore
public import NIOCore
import Synchronization

/// Pieces of one JSON text, made as they are asked for.
public struct JSONChunks: AsyncSequence, Sendable {
    private let make: @Sendable () async throws -> ByteBuffer?

    /// - Parameter make: the next piece; nil behind the last.
    public init(_ make: @escaping @Sendable () async throws -> ByteBuffer?) { self.make = make }

    /// The next piece; nil behind the last. One is asked for at a time.
    public func next() async throws -> ByteBuffer? { try await make() }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let chunks: JSONChunks

        public func next() async throws -> ByteBuffer? { try await chunks.next() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(chunks: self) }
}

extension JSONChunks {
    /// The same text with its first chunk made already: what cannot be read at all is refused before an answer
    /// has begun.
    public func begun() async throws(Refusal) -> JSONChunks {
        do {
            guard let first = try await next() else { return self }
            return .concatenated([.text(first), self])
        } catch {
            throw (error as? Refusal) ?? Refusal(.internalError, "a list could not be read: \(error)")
        }
    }

    public static func text(_ text: ByteBuffer) -> JSONChunks {
        let rest = Mutex<ByteBuffer?>(text)
        return JSONChunks { rest.withLock { $0.take() } }
    }

    public var bytes: any AsyncSequence<[UInt8], any Error> & Sendable {
        map { chunk in Array(chunk.readableBytesView) }
    }

    /// One text behind the other.
    public static func concatenated(_ parts: [JSONChunks]) -> JSONChunks {
        let concatenation = Concatenation(parts)
        return JSONChunks { try await concatenation.next() }
    }

    /// One JSON array, a page at a time.
    /// - Parameter page: the elements from a position on, as JSON texts, and the position behind them; nil behind the
    ///   last.
    public static func array<Position: Sendable>(
        _ page: @escaping @Sendable (Position?) async throws -> ([ByteBuffer], Position?)
    ) -> JSONChunks {
        let pager = Pager(page)
        return JSONChunks { try await pager.next() }
    }
}

private actor Concatenation {
    private var rest: ArraySlice<JSONChunks>

    init(_ parts: [JSONChunks]) { rest = parts[...] }

    func next() async throws -> ByteBuffer? {
        while let part = rest.first {
            if let chunk = try await part.next() { return chunk }
            rest.removeFirst()
        }
        return nil
    }
}

/// Turns pages of JSON texts into the chunks of a JSON array.
private actor Pager<Position: Sendable> {
    private enum Stage {
        case start
        case middle(Position)
        case end
    }

    private let page: @Sendable (Position?) async throws -> ([ByteBuffer], Position?)
    private var stage = Stage.start
    private var isFirst = true

    init(_ page: @escaping @Sendable (Position?) async throws -> ([ByteBuffer], Position?)) { self.page = page }

    func next() async throws -> ByteBuffer? {
        let position: Position?
        var chunk = ByteBuffer()
        switch stage {
        case .start:
            position = nil
            chunk.writeInteger(UInt8(ascii: "["))
        case .middle(let next): position = next
        case .end: return nil
        }
        let (elements, next): ([ByteBuffer], Position?)
        do { (elements, next) = try await page(position) } catch let error as StoreError { throw Refusal(error) }
        append(elements, to: &chunk)
        stage = next.map { .middle($0) } ?? .end
        if next == nil { chunk.writeInteger(UInt8(ascii: "]")) }
        return chunk
    }

    private func append(_ elements: [ByteBuffer], to chunk: inout ByteBuffer) {
        chunk.reserveCapacity(minimumWritableBytes: elements.reduce(1) { $0 + $1.readableBytes + 1 })
        for element in elements {
            if !isFirst { chunk.writeInteger(UInt8(ascii: ",")) }
            isFirst = false
            chunk.writeImmutableBuffer(element)
        }
    }
}
