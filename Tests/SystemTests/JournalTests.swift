import Foundation
import JSON
import TestKit
import Testing

/// The kernel lets root have file systems of a process's own; without that there is no place for another journal.
private let canMount = geteuid() == 0 && FileManager.default.fileExists(atPath: "/usr/bin/unshare")

@Suite(.timeLimit(.minutes(12))) struct `What goes to the journal` {
    /// Runs the daemon where `/run/systemd/journal/socket` is a socket of this test's, whose datagrams go to a file,
    /// one a line, in hexadecimal digits.
    private static let journal = """
        import os, socket, subprocess, sys
        log, command = sys.argv[1], sys.argv[2:]
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/systemd"], check=True)
        os.makedirs("/run/systemd/journal")
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        journal.bind("/run/systemd/journal/socket")
        info = os.fstat(2)
        os.environ["JOURNAL_STREAM"] = f"{info.st_dev}:{info.st_ino}"
        if os.fork() == 0:
            os.execvp("setpriv", ["setpriv", "--pdeathsig", "KILL"] + command)
        with open(log, "w") as file:
            while True: print(journal.recv(1 << 20).hex(), file=file, flush=True)
        """

    @Test(.enabled(if: canMount, "needs root, for a file system of its own"))
    func `has fields to search by, and text of users nowhere else than in a value`() async throws {
        let directory = try TemporaryDirectory()
        var options = DaemonProcess.Options()
        // The daemon says that it does not know this variable, by its name.
        options.environment["ORDERSHOP_X\nPRIORITY"] = "0"
        options.launcher = [
            "unshare", "--mount", "python3", "-c", Self.journal, directory.file("journal"),
        ]
        try await Slots.inTurn { [options] in
            let shop = Shop(daemon: try DaemonProcess(options))
            try await shop.daemon.start()
            try await shop.setEnabled(false, "crm")
            var entries: [[String: String]] = []
            try await eventually("it is in the journal") {
                entries = try Self.entries(directory.file("journal"))
                return entries.contains { $0["METHOD"] == "module.disable" }
                    && entries.contains { $0["MESSAGE"]?.hasPrefix("OrderShop is ready") == true }
            }
            let ready = try #require(entries.first { $0["MESSAGE"]?.hasPrefix("OrderShop is ready") == true })
            #expect(ready["MESSAGE_ID"] == "da381ad4587a4a7faf29b85bce01b57e")
            #expect(ready["PRIORITY"] == "5" && ready["SYSLOG_IDENTIFIER"] == "ordershopd")
            #expect(ready["CODE_FILE"]?.hasSuffix("Announcer.swift") == true)
            let told = try #require(entries.first { $0["METHOD"] == "module.disable" })
            #expect(told["PEER_UID"] == "0" && told["MODULE"] == "crm")
            #expect(entries.contains { $0["MESSAGE"]?.contains("ORDERSHOP_X PRIORITY is not known") == true })
            #expect(entries.allSatisfy { $0["PRIORITY"] != "0" })
            // Nothing of it is on stderr.
            #expect(!shop.daemon.log.contains("OrderShop is ready"))
            shop.daemon.kill()
        }
    }

    /// Takes the journal's native protocol apart: `NAME=value` lines, and for values with line breaks the name, the
    /// length in eight bytes, and the value.
    private static func entries(_ file: String) throws -> [[String: String]] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map { line in
            let digits = Array(line.utf8)
            var bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
            }[...]
            var fields: [String: String] = [:]
            while let end = bytes.firstIndex(of: 10) {
                let head = bytes[..<end]
                bytes = bytes[(end + 1)...]
                if let equals = head.firstIndex(of: UInt8(ascii: "=")) {
                    fields[text(head[..<equals])] = text(head[(equals + 1)...])
                } else {
                    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                    fields[text(head)] = text(bytes.dropFirst(8).prefix(length))
                    bytes = bytes.dropFirst(8 + length + 1)
                }
            }
            return fields
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

@Suite(.timeLimit(.minutes(12))) struct `What goes to stderr` {
    @Test func `is JSON, a line an entry, where log.format says so`() async throws {
        var options = DaemonProcess.Options()
        options.configuration = "log:\n    format: json\n"
        try await withShop(options) { shop in
            try await eventually("it is ready") { shop.daemon.log.contains("OrderShop is ready") }
            let lines = shop.daemon.log.split(separator: "\n")
            for line in lines { #expect(throws: Never.self, "\(line)") { try JSONValue(parsing: line.utf8) } }
            let entries = try lines.map { try JSONValue(parsing: $0.utf8) }
            let ready = entries.first { $0["message"] == "OrderShop is ready" }
            #expect(ready?["level"] == "notice")
            #expect(ready?["fields"]?["socket"]?.string == shop.daemon.socketPath)
        }
    }

    @Test func `has no colours where it is no terminal, and JOURNAL_STREAM of another stream changes nothing`()
        async throws
    {
        var options = DaemonProcess.Options()
        options.environment = ["JOURNAL_STREAM": "1:2", "TERM": "xterm"]
        try await withShop(options) { shop in
            try await eventually("it is ready") { shop.daemon.log.contains("OrderShop is ready") }
            #expect(!shop.daemon.log.contains("\u{1B}"))
        }
    }
}
