import EventStore
public import Tracing

/// Where a command comes from: fields that stand in the events that it causes, behind the entity.
public struct Origin: Sendable {
    public let metadata: [(name: String, value: String)]
    /// The span that the command is a part of; nil: it is not traced.
    public var trace: InstrumentationContext?

    public init(_ metadata: [(name: String, value: String)], trace: InstrumentationContext? = nil) {
        self.metadata = metadata
        self.trace = trace
    }

    /// - Parameters:
    ///   - uid: who calls over the socket; nil: somebody over REST.
    ///   - correlation: what joins all that comes of the command, also later and in other modules.
    public init(
        uid: String? = nil, correlation: String = RequestID.random(), trace: InstrumentationContext? = nil
    ) {
        self.init((uid.map { [("uid", $0)] } ?? []) + [("correlation", correlation)], trace: trace)
    }

    /// Nothing that would be worth its bytes.
    public static let unknown = Origin([])
}

/// A name for a request. It stands in every event that comes of it, so it is short.
public enum RequestID {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// 71 bits: two of a thousand million are the same with a chance of one in five thousand.
    public static func random() -> String {
        let radix = UInt64(alphabet.count)
        var (left, right) = RandomWords.take()
        return String(unsafeUninitializedCapacity: 12) { buffer in
            for index in 0..<6 {
                buffer.initializeElement(at: index, to: alphabet[Int(left % radix)])
                buffer.initializeElement(at: 6 + index, to: alphabet[Int(right % radix)])
                (left, right) = (left / radix, right / radix)
            }
            return 12
        }
    }
}
