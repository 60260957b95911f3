import NIOCore
import NIOPosix
import Synchronization

/// A client of Server-Sent Events, as the standard has them.
public final class EventSource: Sendable {
    public struct Message: Sendable, Equatable {
        public var type = "message"
        public var id = ""
        public var data = ""
    }

    fileprivate struct State {
        var bytes: [UInt8] = []
        var head: HTTPResponse?
        var body: [UInt8] = []
        var lastEventID = ""
        var comments = 0
        var messages: [Message] = []
        var hasEnded = false
    }

    private let channel: any Channel
    private let state: Mutex<State>
    private let reader: Reader

    /// Asks for a stream and returns when it began.
    /// - Parameter isReading: false: not a byte is ever taken.
    public static func open(
        port: Int, _ path: String = "/events", headers: [(String, String)] = [], isReading: Bool = true
    ) async throws -> EventSource {
        let reader = Reader()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: isReading)
            .channelOption(.socketOption(.so_rcvbuf), value: 4_096)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ReaderHandler(reader))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let source = EventSource(channel, reader)
        let fields = ([("Host", "127.0.0.1:\(port)"), ("Accept", "text/event-stream")] + headers)
            .map { "\($0.0): \($0.1)\r\n" }.joined()
        try await channel.writeAndFlush(ByteBuffer(string: "GET \(path) HTTP/1.1\r\n\(fields)\r\n")).get()
        if isReading { try await eventually("the stream begins") { source.head != nil } }
        return source
    }

    private init(_ channel: any Channel, _ reader: Reader) {
        (self.channel, self.reader) = (channel, reader)
        state = Mutex(State())
    }

    deinit { channel.close(promise: nil) }

    public func close() { channel.close(promise: nil) }

    // MARK: What has come

    public var head: HTTPResponse? { look(\.head) }
    public var messages: [Message] { look(\.messages) }
    /// How many lines were only to show that the connection stands.
    public var comments: Int { look(\.comments) }
    /// Where a client goes on that was cut off.
    public var lastEventID: String { look(\.lastEventID) }
    public var hasEnded: Bool { look(\.hasEnded) }

    public func messages(atLeast count: Int, within limit: Duration = .seconds(60)) async throws -> [Message] {
        try await eventually("\(count) messages come", within: limit) { self.messages.count >= count }
        return messages
    }

    private func look<Value: Sendable>(_ value: (State) -> Value) -> Value {
        state.withLock { state in
            let (bytes, hasEnded) = reader.take()
            state.bytes += bytes
            state.hasEnded = state.hasEnded || hasEnded
            state.parse()
            return value(state)
        }
    }
}

extension EventSource.State {
    fileprivate mutating func parse() {
        if head == nil { parseHead() }
        if head != nil {
            parseChunks()
            parseBlocks()
        }
    }

    private mutating func parseHead() {
        guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else { return }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let headers = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), String(parts.last?.drop { $0 == " " } ?? ""))
        }
        head = HTTPResponse(status: status ?? 0, headers: headers, body: [])
        bytes.removeFirst(end.upperBound)
    }

    private mutating func parseChunks() {
        var start = 0
        while let line = bytes[start...].firstRange(of: [13, 10]),
            let size = Int(String(decoding: bytes[start..<line.lowerBound], as: UTF8.self), radix: 16),
            bytes.count >= line.upperBound + size + 2
        {
            body += bytes[line.upperBound..<line.upperBound + size]
            start = line.upperBound + size + 2
        }
        bytes.removeFirst(start)
    }

    private mutating func parseBlocks() {
        var start = 0
        while let end = body[start...].firstRange(of: [10, 10]) {
            take(String(decoding: body[start..<end.lowerBound], as: UTF8.self))
            start = end.upperBound
        }
        body.removeFirst(start)
    }

    private mutating func take(_ block: String) {
        var message = EventSource.Message()
        for line in block.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = String(parts.count == 2 ? parts[1].drop { $0 == " " } : "")
            switch parts[0] {
            case "": comments += 1
            case "id": lastEventID = value
            case "event": message.type = value
            case "data": message.data += message.data.isEmpty ? value : "\n" + value
            default: break
            }
        }
        message.id = lastEventID
        if !message.data.isEmpty { messages.append(message) }
    }
}

private final class Reader: Sendable {
    private let state = Mutex<(bytes: [UInt8], hasEnded: Bool)>(([], false))

    func add(_ bytes: ByteBuffer) { state.withLock { $0.bytes += bytes.readableBytesView } }
    func end() { state.withLock { $0.hasEnded = true } }

    func take() -> ([UInt8], Bool) {
        state.withLock { state in
            defer { state.bytes = [] }
            return (state.bytes, state.hasEnded)
        }
    }
}

private final class ReaderHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let reader: Reader

    init(_ reader: Reader) { self.reader = reader }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { reader.add(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) { reader.end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        reader.end()
        context.close(promise: nil)
    }
}
