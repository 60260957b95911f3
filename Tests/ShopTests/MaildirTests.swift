import Foundation
import Testing

@testable import MailService

@Suite struct `A Maildir` {
    private func withMaildir(_ body: (Maildir, String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("maildir-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(Maildir(path: path), path)
    }

    private func files(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func `is made, and made again`() throws {
        try withMaildir { maildir, path in
            try maildir.create()
            try maildir.create()
            #expect(try files(path).sorted() == ["cur", "new", "tmp"])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
    }

    @Test func `has a mail whole in new, and nothing in tmp`() throws {
        try withMaildir { maildir, path in
            try maildir.create()
            try maildir.deliver(Array("Subject: a\r\n\r\nb".utf8), named: "1-2.x")
            #expect(try files(path + "/new") == ["1-2.x"])
            #expect(try files(path + "/tmp") == [])
            #expect(try text(path + "/new/1-2.x") == "Subject: a\r\n\r\nb")
        }
    }

    @Test func `has a mail that comes again once, as it came last`() throws {
        try withMaildir { maildir, path in
            try maildir.create()
            try maildir.deliver(Array("long, and the first".utf8), named: "a")
            try maildir.deliver(Array("short".utf8), named: "a")
            #expect(try files(path + "/new") == ["a"])
            #expect(try text(path + "/new/a") == "short")
        }
    }

    @Test func `is not harmed by what a crash left in tmp`() throws {
        try withMaildir { maildir, path in
            try maildir.create()
            try "a very long rest of something".write(toFile: path + "/tmp/a", atomically: false, encoding: .utf8)
            try maildir.deliver(Array("short".utf8), named: "a")
            #expect(try text(path + "/new/a") == "short")
        }
    }

    @Test func `takes large mails`() throws {
        try withMaildir { maildir, path in
            try maildir.create()
            try maildir.deliver([UInt8](repeating: 65, count: 3_000_000), named: "a")
            #expect(try text(path + "/new/a").utf8.count == 3_000_000)
        }
    }

    @Test func `that is not there, or no directory, fails and says what`() throws {
        try withMaildir { maildir, path in
            #expect(throws: Maildir.Failure.self) { try maildir.deliver([65], named: "a") }
            try "a file".write(toFile: path, atomically: false, encoding: .utf8)
            do throws(Maildir.Failure) {
                try maildir.create()
                Issue.record("a file became a Maildir")
            } catch { #expect(error.description.contains(path)) }
        }
    }
}
