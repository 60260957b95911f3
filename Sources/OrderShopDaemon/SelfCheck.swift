import HandlerRuntime
import JSONRPC
import NIOCore
import ServiceLifecycle
import Synchronization
import SystemdSupport

/// What has to go on in this process, for the watchdog: the modules, the event loops, the threads of Swift's tasks and
/// the control socket, to which it connects as a client does.
final class SelfCheck: Service {
    private let supervisor: Supervisor
    private let socket: String
    private let tasks = Heart()
    private let control = Heart()
    private let loops: [(loop: any EventLoop, heart: Heart)]

    init(supervisor: Supervisor, socket: String, eventLoopGroup: any EventLoopGroup) {
        self.supervisor = supervisor
        self.socket = socket
        loops = eventLoopGroup.makeIterator().map { ($0, Heart()) }
    }

    /// The hearts of the tasks and of the control socket; where there is no watchdog, nobody listens to them.
    func run() async throws {
        guard let interval = SystemdNotifier.watchdogInterval else {
            try? await gracefulShutdown()
            return
        }
        // More often than the watchdog looks, three times in its interval.
        let pause = interval / 10
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.keepBeating(every: pause) }
                group.addTask { await self.keepCalling(every: pause) }
            }
        }
    }

    private func keepBeating(every pause: Duration) async {
        repeat { tasks.beat() } while (try? await Task.sleep(for: pause)) != nil
    }

    private func keepCalling(every pause: Duration) async {
        repeat {
            if await answers() { control.beat() }
        } while (try? await Task.sleep(for: pause)) != nil
    }

    /// Through the file, as a client would. Whoever refuses a call, or hangs up as there are too many, is alive.
    private func answers() async -> Bool {
        guard let client = try? await JSONRPCClient.connect(path: socket) else { return false }
        do {
            _ = try await client.call("rpc.ping", timeout: .seconds(5))
            await client.close()
            return true
        } catch {
            return error is JSONRPCError || (error as? JSONRPCTransportError)?.code == .closed
        }
    }

    /// As it is now. Waits for nobody.
    func look() -> [Pulse] {
        for (loop, heart) in loops { loop.execute { heart.beat() } }
        return own + supervisor.progress.map { Pulse(module: $0.module, $0.glance) }
    }

    private var own: [Pulse] {
        let loops = loops.enumerated().map { number, loop in
            Pulse(name: "event loop \(number + 1)", activity: "handling I/O", steps: loop.heart.beats)
        }
        return loops + [
            Pulse(name: "the thread pool", activity: "running tasks", steps: tasks.beats),
            Pulse(name: "the control socket", activity: "answering", steps: control.beats),
        ]
    }
}

extension Pulse {
    /// What a module waits for outside may take the world's time, but not for ever.
    private static let outsidePatience = Duration.seconds(300)

    fileprivate init(module: String, _ glance: ModuleProgress.Glance) {
        self.init(
            name: "the module \(module)", activity: glance.activity?.description, steps: glance.steps,
            patience: glance.isOutside ? Self.outsidePatience : nil)
    }
}

/// Counts the beats of something.
private final class Heart: Sendable {
    private let count = Atomic<UInt64>(0)

    var beats: UInt64 { count.load(ordering: .relaxed) }
    func beat() { count.add(1, ordering: .relaxed) }
}
