import EventStore
import Foundation
import NIOCore
import Redis
import TestKit
import Testing

@testable import Archive

@Suite struct `An archive` {
    private static func event(_ number: UInt64, _ fields: [(String, [UInt8])]) -> StoredEvent {
        StoredEvent(
            id: EventID(seconds: number, microseconds: number), stream: .things,
            fields: fields.map { .init(name: ByteBuffer(string: $0), value: ByteBuffer(bytes: $1)) })
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static let events: [StoredEvent] = [
        event(1, [("event_id", text("x")), ("entity", text(#"{"id": "ä", "n": 1.50e2, "a":[1,{"b":"}],\""}]}"#))]),
        event(2, [("event_id", text("x")), ("entity", text("{\n \"id\": 1\n}"))]),
        event(3, [("event_id", text("x")), ("entity", text("no JSON")), ("cause", text("1-1"))]),
        event(4, [("entity", [0xff, 0, 0x0a]), ("event_id", [0x80]), ("said", text("\"a\",\\\n\u{1}😀"))]),
        event(5, [("entity", []), ("entity", text("{}")), ("entity_base64", text("{}")), ("x", text(""))]),
        event(6, [("entity", text(#"{"a":1,"a":2}"#)), ("entity", text("[1]")), ("", text("{"))]),
        event(
            7, [("entity", text(#"{"entity":{"entity":","}, "e":"\\"}"#)), ("id", text("1")), ("stream", text(""))]),
    ]

    private func write(_ events: [StoredEvent], _ directory: ArchiveDirectory) async throws -> ArchiveManifest {
        let writer = try await directory.writer()
        for event in events { try await writer.append([event]) }
        return try await writer.finish(shop: "", after: .zero)
    }

    private func withDirectory(_ body: (ArchiveDirectory) async throws -> Void) async throws {
        let temporary = try TemporaryDirectory()
        try await body(ArchiveDirectory(path: temporary.file("archive")))
    }

    private func read(_ file: String, in directory: ArchiveDirectory) async throws -> [StoredEvent] {
        let reader = try await directory.reader(of: file)
        var events: [StoredEvent] = []
        while case let page = try await reader.next(2), !page.isEmpty { events += page }
        return events
    }

    @Test func `gives back every byte of every field, whatever was in it`() async throws {
        try await withDirectory { directory in
            let manifest = try await write(Self.events, directory)
            #expect(try await read(manifest.file, in: directory) == Self.events)
            #expect(try await directory.verify(manifest.file) == manifest)
            #expect(manifest.events == 7 && manifest.first == Self.events[0].id)
        }
    }

    @Test func `is a gzip file with one JSON object a line, in which entities stand as they were written`()
        async throws
    {
        try await withDirectory { directory in
            let manifest = try await write(Self.events, directory)
            #expect(manifest.file == "default-1-1_7-7.ndjson.gz")
            let result = try await runCommand(["gzip", "-dc", "\(directory.path)/\(manifest.file)"])
            let lines = result.output.split(separator: "\n")
            #expect(
                lines[0]
                    == #"{"id":"1-1","stream":"events:{thing}_created","event_id":"x","entity":{"id": "ä", "n": 1.50e2, "#
                    + #""a":[1,{"b":"}],\""}]}}"#)
            #expect(lines[2].contains(#""entity_base64":"bm8gSlNPTg==","cause":"1-1""#))
            for line in lines {
                #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            }
        }
    }

    @Test func `has the checksums that other programs find`() async throws {
        try await withDirectory { directory in
            let manifest = try await write(Self.events, directory)
            let file = "\(directory.path)/\(manifest.file)"
            #expect(try await runCommand(["sha256sum", file]).output.hasPrefix(manifest.fileDigest))
            let text = try await runCommand(["sh", "-c", "gzip -dc '\(file)' | sha256sum"])
            #expect(text.output.hasPrefix(manifest.textDigest))
        }
    }

    @Test func `is nobody else's to read`() async throws {
        try await withDirectory { directory in
            let manifest = try await write(Self.events, directory)
            for (name, mode) in [("", "700"), ("/\(manifest.file)", "600"), ("/\(manifest.file).json", "600")] {
                let found = try await runCommand(["stat", "-c", "%a", directory.path + name]).output
                #expect(found == mode + "\n")
            }
        }
    }

    @Test func `with any bit flipped is found out`() async throws {
        try await withDirectory { directory in
            let manifest = try await write(Self.events, directory)
            let url = URL(filePath: "\(directory.path)/\(manifest.file)")
            let whole = try Data(contentsOf: url)
            for offset in 0..<whole.count {
                var damaged = whole
                damaged[offset] ^= UInt8(1 << (offset % 8))
                try damaged.write(to: url)
                let code = await archiveErrorCode { _ = try await directory.verify(manifest.file) }
                #expect(code == .damaged, "byte \(offset)")
            }
            try whole.write(to: url)
            #expect(try await directory.verify(manifest.file) == manifest)
        }
    }

    @Test func `that is too short is found out, at its end also by its reader`() async throws {
        try await withDirectory { directory in
            let manifest = try await write(Self.events, directory)
            let url = URL(filePath: "\(directory.path)/\(manifest.file)")
            let whole = try Data(contentsOf: url)
            for count in [0, 1, 12, whole.count / 2, whole.count - 1] {
                try whole.prefix(count).write(to: url)
                let codes = [
                    await archiveErrorCode { _ = try await directory.verify(manifest.file) },
                    await archiveErrorCode { _ = try await read(manifest.file, in: directory) },
                ]
                #expect(codes == [.damaged, .damaged], "\(count) bytes")
            }
        }
    }

    @Test func `of other content than its manifest says is found out by its reader`() async throws {
        try await withDirectory { directory in
            let manifest = try await write(Self.events, directory)
            let other = try await write(Array(Self.events.dropLast()), directory)
            let (file, noted) = ("\(directory.path)/\(manifest.file)", "\(directory.path)/\(other.file)")
            _ = try await runCommand(["cp", noted, file])
            await expectError(.damaged) { _ = try await read(manifest.file, in: directory) }
        }
    }

    @Test(arguments: [
        "../x.ndjson.gz", "/etc/passwd", "a/b.ndjson.gz", ".x.ndjson.gz", "x.gz", "", "x\n.ndjson.gz",
    ])
    func `is asked for by its bare name`(name: String) async throws {
        try await withDirectory { directory in
            await expectError(.badName) { _ = try await directory.verify(name) }
            await expectError(.badName) { _ = try await directory.manifest(of: name) }
        }
    }

    @Test func `that is not there is not found`() async throws {
        try await withDirectory { directory in
            await expectError(.notFound) { _ = try await directory.verify("x.ndjson.gz") }
            let list = try await directory.list()
            #expect(list.isEmpty)
        }
    }

    @Test func `has its name only when it is whole; what writers left is removed, what they write is not`()
        async throws
    {
        try await withDirectory { directory in
            let living = try await directory.writer()
            try await living.append(Self.events)
            try Data("rest".utf8).write(to: URL(filePath: "\(directory.path)/.dead.part"))
            let list = try await directory.list()
            #expect(list.isEmpty)
            let manifest = try await write(Self.events, directory)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
            #expect(names.filter { $0.hasSuffix(".part") }.count == 1 && !names.contains(".dead.part"))
            #expect(try await directory.list() == [manifest])
            #expect(try await living.finish(shop: "x", after: .zero).file == "x-1-1_7-7.ndjson.gz")
            #expect(try await directory.list().map(\.shop) == ["", "x"])
        }
    }

    @Test func `does not take the place of another of its name`() async throws {
        try await withDirectory { directory in
            let writers = [
                try await directory.writer(), try await directory.writer(), try await directory.writer(),
            ]
            for writer in writers { try await writer.append(Self.events) }
            let first = try await writers[0].finish(shop: "", after: .zero)
            await expectError(.exists) { _ = try await writers[1].finish(shop: "", after: Self.events[0].id) }
            let repeated = try await writers[2].finish(shop: "", after: .zero)
            #expect(repeated.textDigest == first.textDigest)
            #expect(try await directory.list().count == 1)
        }
    }

    @Test func `that cannot be written says so, and nothing is trimmed`() async throws {
        try await withShop { shop in
            try await shop.live("a", 6)
            let before = try await shop.events()
            try Data().write(to: URL(filePath: shop.archives.path))
            let error = await refusal { _ = try await shop.retention().apply(before: .endOfTime) }
            #expect(error?.code == .io && error?.message.contains(shop.archives.path) == true)
            #expect(try await shop.events() == before)
        }
    }
}
