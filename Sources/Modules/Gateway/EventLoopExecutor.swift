import NIOCore

/// Runs a connection's tasks on its own event loop, so that a request is not handed from thread to thread on its way.
///
/// What computes for long holds up the connections of the same loop; what waits does not.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
