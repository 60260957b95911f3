import Archive
import EventStore
import HandlerRuntime
import JSON

/// `retention.…` and `archive.…`: what is kept of the past, and where.
extension ControlMethod {
    static func past(_ past: ShopPast) -> [ControlMethod] { retention(past) + archive(past) }

    private static func retention(_ past: ShopPast) -> [ControlMethod] {
        [
            ControlMethod(
                "retention.show",
                "How far the event streams are trimmed, what they take up, who needs their events."
            ) { _ throws(Refusal) in
                try await past.standing()
            },
            ControlMethod(
                "retention.apply",
                "Archives the events up to a place, keeps the state in snapshots and trims the streams.",
                [
                    Field("before", .moment, "up to here events are trimmed"),
                    Field("dry_run", .boolean, required: false, "only tell what it would do"),
                ], role: .admin
            ) { parameters throws(Refusal) in
                let before = parameters["before"]?.string.flatMap { Moment($0) } ?? Moment(.zero)
                return try await past.trim(before: before.event, isDryRun: parameters["dry_run"] == true)
            },
        ]
    }

    private static func archive(_ past: ShopPast) -> [ControlMethod] {
        let file = Field(
            "file", Schema.line(1...240).example("events-000001.ndjson.gz"),
            "the archive's name, without a directory")
        return [
            ControlMethod("archive.list", "The archives of trimmed events, the oldest first.", returns: .objects) {
                _ throws(Refusal) in
                try await past.archives()
            },
            ControlMethod("archive.verify", "Reads an archive and compares it with its checksums.", [file]) {
                parameters throws(Refusal) in
                try await past.verify(parameters.text("file"))
            },
            ControlMethod(
                "archive.show", "Events of an archive, in order.",
                [
                    file, Field("after", .eventID, required: false, "only those behind this one"),
                    Field("limit", .integer(1...1_000), required: false, "at most so many; 100"),
                ], returns: .objects
            ) { parameters throws(Refusal) in
                try await past.events(
                    of: parameters.text("file"), after: EventID(parameters.text("after")) ?? .zero,
                    limit: Int(parameters["limit"]?.number?.int64 ?? 100))
            },
            ControlMethod(
                "archive.restore",
                "Puts an archive's events back: the first archive into an empty shop, each other behind the one before.",
                [file], role: .admin
            ) { parameters throws(Refusal) in
                try await past.restore(parameters.text("file"))
            },
        ]
    }
}
