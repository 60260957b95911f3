import HandlerRuntime
import JSON
import ServiceLifecycle
import Synchronization

/// Work that goes on behind the call that began it.
final class Jobs: Service {
    typealias Work = @Sendable () async throws(Refusal) -> JSONValue

    struct Job: Sendable {
        enum State: String, Sendable { case running, done, failed, cancelled }

        let id: Int
        let method: String
        let params: JSONObject
        let startedAt: Int64
        var state = State.running
        var endedAt: Int64?
        var result: JSONValue?
        var error: String?
        /// How much there was to do, as far as it is known, and how much of it is done.
        var progress: (done: Int, total: Int)?
        fileprivate let cancellation = Latch()

        fileprivate init(id: Int, method: String, params: JSONObject) {
            (self.id, self.method, self.params) = (id, method, params)
            startedAt = UnixSeconds.now
        }
    }

    /// Work tells through it how far it has come; nil: nobody asked for a job.
    struct Reporter: Sendable {
        @TaskLocal static var current: Reporter?

        fileprivate let jobs: Jobs
        fileprivate let id: Int

        /// Tells the job that this task works for, if it is one.
        static var progress: @Sendable (_ done: Int, _ total: Int) -> Void {
            let current = current
            return { current?.note(done: $0, of: $1) }
        }

        func note(done: Int, of total: Int) { jobs.change(id) { $0.progress = (min(done, total), total) } }
    }

    private struct Begun: Sendable {
        let job: Job
        let work: Work
    }

    /// So many that have ended are remembered.
    private static let memory = 100
    private let jobs = Mutex<[Job]>([])
    private let lastID = Atomic(0)
    private let begun = AsyncStream.makeStream(of: Begun.self)

    func run() async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await item in self.begun.stream { group.addTask { await self.do(item) } }
                group.cancelAll()
            }
        }
    }

    // MARK: What callers do

    func start(_ method: String, _ params: JSONObject, _ work: @escaping Work) -> Job {
        let job = Job(id: lastID.add(1, ordering: .relaxed).newValue, method: method, params: params)
        jobs.withLock { jobs in
            jobs.append(job)
            if jobs.count > Self.memory, let oldest = jobs.firstIndex(where: { $0.state != .running }) {
                jobs.remove(at: oldest)
            }
        }
        begun.continuation.yield(Begun(job: job, work: work))
        return job
    }

    var all: [Job] { jobs.withLock(\.self) }

    func job(_ id: Int) -> Job? { jobs.withLock { $0.first { $0.id == id } } }

    /// - Returns: false where it has ended already.
    func cancel(_ id: Int) -> Bool {
        guard let job = job(id), job.state == .running else { return false }
        job.cancellation.open()
        return true
    }

    // MARK: Work

    private func `do`(_ item: Begun) async {
        let outcome = await withTaskGroup(of: Result<JSONValue, Refusal>?.self) { group in
            group.addTask {
                await Reporter.$current.withValue(Reporter(jobs: self, id: item.job.id)) {
                    await Self.result(of: item.work)
                }
            }
            group.addTask {
                await item.job.cancellation.wait()
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        change(item.job.id) { $0.end(outcome) }
    }

    private func change(_ id: Int, _ body: (inout Job) -> Void) {
        jobs.withLock { jobs in
            guard let index = jobs.firstIndex(where: { $0.id == id }) else { return }
            body(&jobs[index])
        }
    }

    private static func result(of work: Work) async -> Result<JSONValue, Refusal> {
        do throws(Refusal) { return .success(try await work()) } catch { return .failure(error) }
    }
}

extension Jobs.Job {
    fileprivate mutating func end(_ outcome: Result<JSONValue, Refusal>?) {
        endedAt = UnixSeconds.now
        switch outcome {
        case .success(let value): (state, result) = (.done, value)
        case .failure(let refusal): (state, error) = (.failed, refusal.message)
        case nil: state = .cancelled
        }
    }

    var json: JSONValue {
        var object = JSONObject([
            ("job", .count(id)), ("method", .string(method)), ("params", .object(params)),
            ("state", .string(state.rawValue)), ("started_at", .number(JSONNumber(startedAt))),
        ])
        object["ended_at"] = endedAt.map { .number(JSONNumber($0)) }
        if let progress { object["progress"] = ["done": .count(progress.done), "total": .count(progress.total)] }
        object["result"] = result
        object["error"] = error.map { .string($0) }
        return .object(object)
    }
}
