/// Pieces of one JSON text, made as they are asked for.
public typealias JSONChunks = AsyncThrowingStream<[UInt8], any Error>

extension JSONChunks {
    /// The same text with its first chunk made already: what cannot be read at all is refused before an answer
    /// has begun.
    public func begun() async throws(Refusal) -> JSONChunks {
        do {
            var iterator = makeAsyncIterator()
            guard let first = try await iterator.next() else { return self }
            return .concatenated([.bytes(first), self])
        } catch {
            throw (error as? Refusal) ?? Refusal(.internalError, "a list could not be read: \(error)")
        }
    }

    public static func bytes(_ bytes: [UInt8]) -> JSONChunks {
        JSONChunks { continuation in
            continuation.yield(bytes)
            continuation.finish()
        }
    }

    /// One text behind the other.
    public static func concatenated(_ parts: [JSONChunks]) -> JSONChunks {
        let concatenation = Concatenation(parts)
        return JSONChunks { try await concatenation.next() }
    }
}

private actor Concatenation {
    private var rest: ArraySlice<JSONChunks>

    init(_ parts: [JSONChunks]) { rest = parts[...] }

    func next() async throws -> [UInt8]? {
        while let part = rest.first {
            for try await chunk in part { return chunk }
            rest.removeFirst()
        }
        return nil
    }
}
