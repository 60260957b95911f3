import FoundationEssentials
import Glibc
import Logging
import SystemdSupport
import Testing

@testable import OrderShopDaemon

struct `Who follows the log` {
    @Test func `and is too slow for it is told how many entries went by, and gets the last`() async {
        let log = LogTail()
        let following = log.follow()
        for number in 1...(LogTail.patience + 50) {
            log.note(LogEntry(level: .info, message: "\(number)", fields: []))
        }
        var entries = following.next.makeAsyncIterator()
        let first = await entries.next()
        #expect(first?.message == "51")
        #expect(following.takeMissed() == 50)
        #expect(following.takeMissed() == 0)
    }
}

struct `A log entry` {
    /// What a customer may call himself.
    private static let evil = [
        "a\nMESSAGE=forged", "a\r\n12:00:00.000 error   forged", "a\u{2028}b", "a\u{0}b", "a\u{1B}[2Jb", "a\u{85}b",
        "a\u{202E}b", "a module=forged", "a\" module=forged", "a=b",
    ]

    private func entry(_ value: String) -> LogEntry {
        LogEntry(level: .error, message: "an event is parked", fields: [("module", "crm"), ("reason", value)])
    }

    @Test(arguments: evil) func `is one line, whatever is in it`(text: String) {
        let line = entry(text).text
        #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(!line.contains { $0.isNewline })
        #expect(!line.contains("\u{202E}"))
    }

    @Test(arguments: evil) func `has no field that user text made up`(text: String) {
        let line = entry(text).text
        // What stands outside quotation marks.
        let open = line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined()
        #expect(open.split(separator: " ").filter { $0.contains("=") }.count == 2)
        #expect(!open.contains("module=forged"))
    }

    @Test(arguments: evil) func `is one JSON object with the text as it was`(text: String) throws {
        let json = entry(text).json(at: "2026-01-01T00:00:00Z")
        #expect(!json.contains { $0.isNewline && $0 != "\u{2028}" && $0 != "\u{85}" })
        let decoded = try JSONDecoder().decode(Line.self, from: Data(json.utf8))
        #expect(decoded.fields == ["module": "crm", "reason": text])
        #expect(decoded.level == "error")
    }

    @Test(arguments: evil) func `has its fields in the journal, and user text only in their values`(text: String) {
        let fields = entry(text).journalFields
        #expect(fields.filter { $0.name == "MODULE" } == [Journal.Field("MODULE", "crm")])
        #expect(fields.contains(Journal.Field("ORDERSHOP_REASON", text)))
        #expect(fields.contains(Journal.Field("PRIORITY", "3")))
        #expect(fields.filter { $0.name == "MESSAGE" }.count == 1)
    }

    @Test(arguments: [
        ("module", "MODULE"), ("_PID", "PID"), ("a b\nc", "A_B_C"), ("1x", "X"), ("", "FIELD"), ("ä=", "FIELD"),
    ])
    func `has only field names that the journal takes`(name: String, taken: String) {
        #expect(Journal.Field(name, "").name == taken)
    }

    private struct Line: Decodable {
        let level: String
        let fields: [String: String]
    }
}

struct `The catalog` {
    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(Self.root)/\(path)")), as: UTF8.self)
    }

    @Test func `explains each id, once, and no other`() throws {
        let ids = try text("systemd/ordershopd.catalog").split(separator: "\n").filter { $0.hasPrefix("-- ") }
            .map { String($0.dropFirst(3)) }
        #expect(ids.sorted() == MessageID.table.values.sorted())
        #expect(Set(ids).count == ids.count)
    }

    @Test func `is about messages that are really logged`() throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: "\(Self.root)/Sources")
            .filter { $0.hasSuffix(".swift") && !$0.hasSuffix("MessageID.swift") }
        let sources = try files.map { try text("Sources/\($0)") }.joined()
        for message in MessageID.table.keys { #expect(sources.contains("\"\(message)\""), "\(message)") }
    }
}

struct `The stream of the journal` {
    @Test func `is stderr only where device and inode are those of JOURNAL_STREAM`() {
        #expect(!Journal.isStandardError)
        setenv("JOURNAL_STREAM", "1:1", 1)
        defer { unsetenv("JOURNAL_STREAM") }
        #expect(!Journal.isStandardError)
    }
}
