import ArgumentParser
import JSON

struct Retention: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "retention", abstract: "How much of the past stands in the event streams.",
        subcommands: [ShowRetention.self, ApplyRetention.self])

    @OptionGroup var connection: ConnectionOptions
}

struct ShowRetention: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how far the streams are trimmed, what they take up, who needs them.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("retention.show", [:]) }
    var presentation: Presentation { .sections }
}

struct ApplyRetention: ConfirmedVerb {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Archive old events, keep their state in snapshots, trim the streams.",
        discussion: """
            It is refused while a module, disabled ones included, has not handled all of them. Cut off in between, \
            it goes on when it is called again.
            """)

    @Option(
        help: ArgumentHelp(
            "Events up to here: a time such as 2026-01-31T12:00:00Z, unix seconds, or an event's id.",
            valueName: "time|id"))
    var before: String
    @Flag(help: "Only tell what it would do.") var dryRun = false
    @OptionGroup var confirmation: Confirmation
    @OptionGroup var options: ConnectionOptions

    var warning: String? {
        dryRun ? nil : "The events up to \(before) will stand in an archive only, and no longer in Redis."
    }

    var connection: ConnectionOptions { options.patient }
    var request: Request {
        var params = JSONObject([("before", .string(before))])
        if dryRun { params["dry_run"] = true }
        return Request("retention.apply", .object(params))
    }
    var isLong: Bool { !dryRun }
    var presentation: Presentation { .sections }
}

struct Archives: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "The events that were trimmed.",
        subcommands: [ListArchives.self, VerifyArchive.self, ShowArchive.self, RestoreArchive.self])

    @OptionGroup var connection: ConnectionOptions
}

struct ListArchives: Verb {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the archives.")

    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("archive.list", [:]) }
    var presentation: Presentation {
        .table(whenEmpty: "There are no archives.", hiding: ["text_sha256", "file_sha256", "text_bytes", "after"])
    }
}

struct VerifyArchive: Verb {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read an archive and compare it with its checksums.")

    @Argument(help: "The archive's name.") var file: String
    @OptionGroup var options: ConnectionOptions

    var connection: ConnectionOptions { options.patient }
    var request: Request { Request("archive.verify", ["file": .string(file)]) }
    var isLong: Bool { true }
    var presentation: Presentation { .record(whenNull: "") }
}

struct ShowArchive: Verb {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show events of an archive, one JSON object a line.")

    @Argument(help: "The archive's name.") var file: String
    @Option(help: ArgumentHelp("Only those behind this one.", valueName: "event")) var after: String?
    @Option(help: "At most so many.") var limit: Int64 = 100
    @OptionGroup var options: ConnectionOptions

    var connection: ConnectionOptions { options.patient }
    var request: Request {
        var params = JSONObject([("file", .string(file)), ("limit", .number(JSONNumber(limit)))])
        params["after"] = after.map { .string($0) }
        return Request("archive.show", .object(params))
    }
    var presentation: Presentation { .lines }
}

struct RestoreArchive: ConfirmedVerb {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put an archive's events back into a shop that has nothing else.",
        discussion: """
            The first archive goes into an empty shop, each other behind the one before. All modules are disabled \
            meanwhile. Nothing is done a second time: nobody gets his mails again.
            """)

    @Argument(help: "The archive's name.") var file: String
    @OptionGroup var confirmation: Confirmation
    @OptionGroup var options: ConnectionOptions

    var warning: String? { "All modules will be disabled while the events of \(file) are put into the shop." }
    var connection: ConnectionOptions { options.patient }
    var request: Request { Request("archive.restore", ["file": .string(file)]) }
    var isLong: Bool { true }
    var presentation: Presentation { .record(whenNull: "") }
}

extension ConnectionOptions {
    /// For work that takes as long as there are events: waits for a day, unless another time was asked for.
    var patient: ConnectionOptions {
        var options = self
        if timeout.duration == .seconds(30) { options.timeout = Seconds(duration: .seconds(86_400)) }
        return options
    }
}
