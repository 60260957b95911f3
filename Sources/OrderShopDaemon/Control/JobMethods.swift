import HandlerRuntime
import JSON

/// `job.…`: work that goes on behind the call that began it.
extension ControlMethod {
    static func jobs(_ jobs: Jobs) -> [ControlMethod] {
        let id = Field("job", .integer(1...Int64.max), "the job's number")
        return [
            ControlMethod("job.list", "The jobs of this daemon, the oldest first.", returns: .objects) { _ in
                .array(jobs.all.map(\.json))
            },
            ControlMethod("job.show", "One job, with its result when it is done.", [id]) {
                parameters throws(Refusal) in
                try find(parameters, jobs).json
            },
            ControlMethod("job.cancel", "Ends a job; what it has done stays done.", [id], role: .operator) {
                parameters throws(Refusal) in
                let job = try find(parameters, jobs)
                guard jobs.cancel(job.id) else {
                    throw Refusal(.conflict, "the job \(job.id) has ended already: it is \(job.state.rawValue)")
                }
                return true
            },
        ]
    }

    private static func find(_ parameters: JSONObject, _ jobs: Jobs) throws(Refusal) -> Jobs.Job {
        let id = Int(parameters["job"]?.number?.int64 ?? 0)
        guard let job = jobs.job(id) else {
            throw Refusal(.notFound, "there is no job \(id): job.list shows those that are remembered")
        }
        return job
    }

    /// The same method with a parameter by which it answers at once.
    func asJob(of jobs: Jobs) -> ControlMethod {
        let background = Field("job", .boolean, required: false, "answer at once with a job that does it")
        return ControlMethod(name, summary, parameters + [background], role: role, returns: .object) {
            (parameters, caller) async throws(Refusal) -> JSONValue in
            let rest = JSONObject(parameters.members.filter { $0.key != "job" }.map { ($0.key, $0.value) })
            guard parameters["job"] == true else { return try await value(rest, caller) }
            let job = jobs.start(name, rest) { () throws(Refusal) in try await value(rest, caller) }
            return ["job": .count(job.id)]
        }
    }
}
