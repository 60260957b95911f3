public import NIOCore

/// Runs tasks on an event loop: those of a connection on its own, so that a request is not handed from thread to
/// thread on its way; or what only asks Redis something now and then, so that it wakes no other thread.
///
/// What computes for long holds up all else of the loop; what waits does not.
public final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    public init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

extension EventLoop {
    /// Waits by the loop's own clock. A sleep of Swift's goes by two other threads.
    /// - Throws: where the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        let timer = scheduleTask(in: TimeAmount(duration)) {}
        try await withTaskCancellationHandler {
            try await timer.futureResult.get()
        } onCancel: {
            timer.cancel()
        }
    }
}
