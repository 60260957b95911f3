import ArgumentParser
import JSON

struct Jobs: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Work that goes on behind the command that began it.",
        subcommands: [ListJobs.self, ShowJob.self, WatchJob.self, CancelJob.self])

    @OptionGroup var connection: ConnectionOptions
}

struct ListJobs: Verb {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the jobs of the daemon.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("job.list", [:]) }
    var presentation: Presentation { .table(whenEmpty: "There are no jobs.", hiding: ["params", "result"]) }
}

struct ShowJob: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one job, with its result when it is done.")

    @Argument(help: "The job's number.") var job: Int64
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("job.show", ["job": .number(JSONNumber(job))]) }
    var presentation: Presentation { .sections }
}

struct WatchJob: Verb {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show how far a job has come, until it ends, and then its result.",
        discussion: "Ctrl-C ends the watching only.")

    @Argument(help: "The job's number.") var job: Int64
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("job.show", ["job": .number(JSONNumber(job))]) }
    var presentation: Presentation { .sections }

    func answer() async throws -> JSONValue {
        let name = try await connection.call(request)["method"]?.string ?? "job \(job)"
        return try await LongWork(connection: connection).watch(.number(JSONNumber(job)), called: name)
    }
}

struct CancelJob: Verb {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a job; what it has done stays done.")

    @Argument(help: "The job's number.") var job: Int64
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("job.cancel", ["job": .number(JSONNumber(job))]) }
    var presentation: Presentation { .done("The job \(job) is being ended.") }
}
