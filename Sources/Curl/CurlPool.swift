import CCurl
import NIOPosix
import Synchronization

/// Runs transfers on threads of its own, one at a time on each, and keeps their handles, and with them the
/// connections, for the next.
///
/// Not libcurl's `multi`: there the wait for the answer to a mail blocks all other transfers (7.88).
final class CurlPool: Sendable {
    private let threads: NIOThreadPool
    private let idle = Mutex<[CurlHandle]>([])
    private let isOpen = Mutex(false)
    private let isClosing = StopFlag()

    init(threads count: Int) {
        threads = NIOThreadPool(numberOfThreads: count)
    }

    /// Has the threads, from the first transfer on: many a shop never makes one.
    /// - Returns: false where the pool is closed.
    private func open() -> Bool {
        isOpen.withLock { isOpen in
            if isClosing.isRaised { return false }
            if !isOpen { threads.start() }
            isOpen = true
            return true
        }
    }

    /// Ends what is under way.
    func close() {
        let hasThreads = isOpen.withLock { isOpen in
            isClosing.raise()
            return isOpen
        }
        guard hasThreads else { return }
        let handles = idle.withLock { idle in
            defer { idle = [] }
            return idle
        }
        // Taking leave of a server may take its time.
        threads.submit { _ in withExtendedLifetime(handles) {} }
        threads.shutdownGracefully { _ in }
    }

    /// - Parameter work: sets the handle up, performs, and reads what came of it.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable (CurlHandle) -> Value
    ) async throws(CurlFailure) -> Value {
        guard open() else { throw .brokenOff }
        let flag = StopFlag()
        let result = await withTaskCancellationHandler {
            try? await threads.runIfActive { self.withHandle([flag, self.isClosing], work) }
        } onCancel: {
            flag.raise()
        }
        guard let result else { throw .brokenOff }
        return try result.get()
    }

    private func withHandle<Value>(
        _ flags: [StopFlag], _ work: (CurlHandle) -> Value
    ) -> Result<Value, CurlFailure> {
        let handle: CurlHandle
        if let known = idle.withLock({ $0.popLast() }) {
            handle = known
        } else {
            do throws(CurlFailure) { handle = try CurlHandle() } catch { return .failure(error) }
        }
        handle.begin(heeding: flags)
        defer {
            if flags.contains(where: \.isRaised) {
                // Not used again: nobody knows what the server still has to say.
                handle.hangUp()
            } else {
                idle.withLock { $0.append(handle) }
            }
        }
        return .success(work(handle))
    }
}

/// Why a transfer was not even begun.
enum CurlFailure: Error {
    /// The task was cancelled, or the pool closed.
    case brokenOff
    case unavailable(String)
}

/// Says to whoever looks that he is to stop.
final class StopFlag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }
    func raise() { raised.store(true, ordering: .releasing) }
}
