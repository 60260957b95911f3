public import EventStore
import Glibc
import JSON

/// A place in the shop's order, as operators name it: an event's id, or a time.
public struct Moment: Sendable, Hashable {
    /// The last event id that belongs to what was before.
    public let event: EventID

    public init(_ event: EventID) { self.event = event }

    /// Reads an event id, a time as in RFC 3339, unix seconds, or `beginning`; nil for anything else.
    public init?(_ text: String) {
        if text == "beginning" {
            self.init(.zero)
        } else if let id = EventID(text) {
            self.init(id)
        } else if let seconds = UInt64(text), seconds < 100_000_000_000 {
            self.init(EventID(seconds: seconds, microseconds: 0))
        } else {
            guard let event = Self.rfc3339(text) else { return nil }
            self.init(event)
        }
    }

    /// So long from now.
    public init(after time: Duration) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        self.init(EventID(seconds: UInt64(max(0, now.tv_sec + Int(time.components.seconds))), microseconds: 0))
    }

    public static let expected = "an event id, a time such as 2026-01-31T12:00:00Z, unix seconds, or 'beginning'"

    /// `2026-01-31T12:00:00Z`.
    public var text: String {
        var seconds = time_t(event.seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return Self.date(parts) + "T"
            + [parts.tm_hour, parts.tm_min, parts.tm_sec].map(Self.two).joined(separator: ":")
            + "Z"
    }

    private static func date(_ parts: tm) -> String {
        [String(parts.tm_year + 1900), two(parts.tm_mon + 1), two(parts.tm_mday)].joined(separator: "-")
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : String(number) }

    private static func rfc3339(_ text: String) -> EventID? {
        let pattern = /(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?([Zz]|[+-]\d\d:\d\d)/
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        let (_, year, month, day, hour, minute, second, fraction, zone) = match.output
        var parts = tm()
        parts.tm_year = (Int32(year) ?? 0) - 1900
        parts.tm_mon = (Int32(month) ?? 0) - 1
        (parts.tm_mday, parts.tm_hour) = (Int32(day) ?? 0, Int32(hour) ?? 0)
        (parts.tm_min, parts.tm_sec) = (Int32(minute) ?? 0, Int32(second) ?? 0)
        let asked = parts
        let seconds = timegm(&parts) - offset(zone)
        // Whoever names the 31st of February means nothing.
        guard asked.tm_mon == parts.tm_mon, asked.tm_mday == parts.tm_mday, asked.tm_hour == parts.tm_hour,
            asked.tm_min == parts.tm_min,
            seconds >= 0
        else { return nil }
        let digits = (fraction ?? "") + String(repeating: "0", count: 6 - (fraction?.count ?? 0))
        return EventID(seconds: UInt64(seconds), microseconds: UInt64(digits) ?? 0)
    }

    /// Seconds east of Greenwich.
    private static func offset(_ zone: Substring) -> Int {
        let parts = zone.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard parts.count == 2 else { return 0 }
        return (zone.hasPrefix("-") ? -1 : 1) * (parts[0] * 3600 + parts[1] * 60)
    }
}

extension Schema {
    /// A place in the shop's order.
    public static let moment = text(
        expected: Moment.expected,
        pattern: #"^(beginning|[0-9]+-[0-9]+|[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+([Zz]|[+-][0-9:]+))$"#
    ) { Moment($0) != nil }
    .example("2026-01-31T12:00:00Z")

    public static let eventID = text(
        expected: "an event id such as 1548699679-211658", pattern: "^[0-9]+-[0-9]+$"
    ) { EventID($0) != nil }
    .example("1548699679-211658")

    public static let entityKey = text(expected: "an entity as TOPIC:ID", pattern: "^[^:]+:.+$") {
        EntityKey($0) != nil
    }
    .example("customer:0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a11")

    public static func choice(_ words: [String]) -> Schema {
        Schema([("enum", .array(words.map { .string($0) }))]) { value in
            let isOne = value.string.map(words.contains) ?? false
            return isOne ? [] : [Violation("", "must be one of \(words.joined(separator: ", "))")]
        }
    }

    /// - Parameter pattern: what all of them have in common, and some others, too.
    private static func text(
        expected: String, pattern: String, _ isOne: @escaping @Sendable (String) -> Bool
    ) -> Schema {
        Schema([
            ("type", "string"), ("description", .string(expected)), ("pattern", .string(pattern)),
        ]) { value in
            value.string.map(isOne) ?? false ? [] : [Violation("", "must be \(expected)")]
        }
    }
}
