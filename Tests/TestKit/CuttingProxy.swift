import NIOCore
import NIOPosix
import Synchronization

/// A Unix socket in front of another, which passes everything on until it is told to cut, to dawdle or to swallow.
public final class CuttingProxy: Sendable {
    public enum Direction: Sendable, CaseIterable {
        case toServer, toClient
    }

    /// What happens to bytes that go in one direction. Holds for all connections together.
    public enum Plan: Sendable, Equatable {
        case pass
        /// Passes exactly this many bytes, then closes the connection, both ends; passes everything afterwards.
        case cut(after: Int)
        /// Passes on, each piece this much later.
        case delay(milliseconds: Int64)
        /// Reads and forgets. The connections stay open.
        case blackhole
    }

    struct State {
        var plans: [Direction: Plan] = [:]
        var passed: [Direction: Int] = [:]
        var connections: [ObjectIdentifier: any Channel] = [:]
        var accepted = 0
        var cuts = 0
    }

    public let socketPath: String
    let upstream: String
    let state = Mutex(State())
    private let directory: TemporaryDirectory
    private let listener = Mutex<(any Channel)?>(nil)

    public var url: String { "unix://\(socketPath)" }

    /// - Parameter upstream: the path of the Unix socket to pass everything on to.
    public static func start(upstream: String) async throws -> CuttingProxy {
        let proxy = try CuttingProxy(upstream)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { [weak proxy] in proxy?.join($0) ?? $0.close() }
            .bind(unixDomainSocketPath: proxy.socketPath).get()
        proxy.listener.withLock { $0 = channel }
        return proxy
    }

    private init(_ upstream: String) throws {
        directory = try TemporaryDirectory()
        socketPath = directory.file("proxy.sock")
        self.upstream = upstream
    }

    deinit {
        listener.withLock { $0 }?.close(promise: nil)
        cut()
    }

    // MARK: What the test says and asks

    /// What to do from now on; a cut counts bytes from now on.
    public func plan(_ plan: Plan, _ direction: Direction) {
        state.withLock { $0.plans[direction] = plan }
    }

    public func passEverything() {
        state.withLock { $0.plans = [:] }
    }

    /// Closes all connections now.
    public func cut() {
        let connections = state.withLock { $0.connections.values.map { $0 } }
        for channel in connections { channel.close(promise: nil) }
    }

    /// How many bytes have been passed on so far.
    public func passed(_ direction: Direction) -> Int { state.withLock { $0.passed[direction, default: 0] } }
    /// How many connections there have been so far.
    public var accepted: Int { state.withLock { $0.accepted } }
    /// How often a `cut(after:)` has come true so far.
    public var cuts: Int { state.withLock { $0.cuts } }

    /// Stops listening and closes all connections.
    public func close() async throws {
        try await listener.withLock { $0.take() }?.close()
        cut()
    }

    // MARK: What the channels ask

    enum Verdict {
        case pass, swallow
        case passThenCut(Int)
        case later(TimeAmount)
    }

    func judge(_ count: Int, _ direction: Direction) -> Verdict {
        state.withLock { state in
            switch state.plans[direction, default: .pass] {
            case .blackhole: return .swallow
            case .delay(let time):
                state.passed[direction, default: 0] += count
                return .later(.milliseconds(time))
            case .cut(let rest) where rest <= count:
                state.plans[direction] = .pass
                state.passed[direction, default: 0] += rest
                state.cuts += 1
                return .passThenCut(rest)
            case .cut(let rest):
                state.plans[direction] = .cut(after: rest - count)
                state.passed[direction, default: 0] += count
                return .pass
            case .pass:
                state.passed[direction, default: 0] += count
                return .pass
            }
        }
    }
}
