import HandlerRuntime
import NIOCore
import NIOPosix
import Testing

@Suite struct `An event loop` {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    @Test func `runs the tasks that prefer it, also behind what they wait for`() async throws {
        let places = await withTaskExecutorPreference(EventLoopExecutor(loop)) {
            let before = loop.inEventLoop
            await Task.yield()
            let between = loop.inEventLoop
            try? await Task.sleep(for: .milliseconds(1))
            return [before, between, loop.inEventLoop]
        }
        #expect(places == [true, true, true])
        #expect(!loop.inEventLoop)
    }

    @Test func `lets a task sleep, until the time is over or the task is cancelled`() async throws {
        let start = ContinuousClock.now
        try await loop.sleep(for: .milliseconds(20))
        #expect(ContinuousClock.now - start >= .milliseconds(20))
        let long = Task { try await loop.sleep(for: .seconds(60)) }
        long.cancel()
        await #expect(throws: (any Error).self) { try await long.value }
    }
}
