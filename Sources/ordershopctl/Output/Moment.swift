import Glibc

/// A point in time, for people.
struct Moment: Equatable {
    let unixSeconds: Double

    static var now: Double { Double(time(nil)) }

    /// - Returns: nil for what can hardly be meant as a time of a shop: before September 2001, or in 3,000 years.
    init?(unix seconds: Double) {
        guard seconds > 1e9, seconds < 1e11 else { return nil }
        unixSeconds = seconds
    }

    /// - Parameter text: such as `2026-01-31T12:00:00.5Z`, always in UTC, as the daemon writes it.
    init?(rfc3339 text: String) {
        let form = /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z/
        guard let match = text.wholeMatch(of: form)?.output else { return nil }
        func number(_ digits: Substring) -> Int32 { Int32(digits) ?? 0 }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (
            number(match.1) - 1_900, number(match.2) - 1, number(match.3)
        )
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (number(match.4), number(match.5), number(match.6))
        unixSeconds = Double(timegm(&parts)) + (match.7.flatMap { Double("0\($0)") } ?? 0)
    }

    /// In the time zone of whoever reads it, to the second.
    var local: String {
        var seconds = time_t(unixSeconds)
        var parts = tm()
        var buffer = [CChar](repeating: 0, count: 32)
        localtime_r(&seconds, &parts)
        let length = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// As in "3 h ago" and "in 20 s".
    func relative(to now: Double) -> String {
        let seconds = now - unixSeconds
        if abs(seconds) < 1 { return "just now" }
        return seconds > 0 ? "\(Span(seconds: seconds)) ago" : "in \(Span(seconds: -seconds))"
    }
}

/// A length of time in its largest unit.
struct Span: CustomStringConvertible {
    let seconds: Double

    var description: String {
        switch seconds {
        case ..<90: "\(Int(seconds.rounded())) s"
        case ..<5_400: "\(Int((seconds / 60).rounded())) min"
        case ..<129_600: "\(Int((seconds / 3_600).rounded())) h"
        default: "\(Int((seconds / 86_400).rounded())) days"
        }
    }
}

/// A size in the largest unit that leaves a number before the point, with three digits at least.
struct ByteCount: CustomStringConvertible {
    private let bytes: Double

    init(_ bytes: Double) { self.bytes = bytes }

    var description: String {
        if bytes < 1_000 { return "\(Int(bytes)) B" }
        var size = bytes
        var unit = ""
        for next in ["kB", "MB", "GB", "TB"] where size >= 999.5 {
            size /= 1_000
            unit = next
        }
        let tenths = (size * 10).rounded() / 10
        return (tenths < 100 ? "\(tenths)" : "\(Int(size.rounded()))") + " " + unit
    }
}
