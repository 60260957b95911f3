import Foundation
import JSON

/// Python's `email` package, as a mail reader that is not ours.
enum Python {
    static let isThere: Bool = (try? run("import email", [])) != nil

    /// What it reads in each mail: from, to, subject, body and what it finds wrong.
    static func read(_ mails: [[UInt8]]) throws -> [JSONObject] {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("mails-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let files = mails.indices.map { directory.appendingPathComponent("\($0)").path }
        for (mail, file) in zip(mails, files) { try Data(mail).write(to: URL(fileURLWithPath: file)) }
        let output = try run(script, files)
        return try JSONValue(parsing: Array(output)).array?.compactMap(\.object) ?? []
    }

    private static let script = """
        import email, email.policy, email.header, json, sys
        mails = []
        for name in sys.argv[1:]:
            with open(name, 'rb') as file:
                raw = file.read()
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            plain = email.message_from_bytes(raw)
            subject = str(email.header.make_header(email.header.decode_header(plain['Subject'].replace('\\r\\n', ''))))
            address = mail['From'].addresses[0]
            mails.append({
                'from': address.display_name + '|' + address.addr_spec, 'to': str(mail['To']), 'subject': subject,
                'body': mail.get_payload(decode=True).decode('utf-8'),
                'defects': [str(defect) for defect in mail.defects + list(mail['From'].defects)]})
        print(json.dumps(mails))
        """

    private struct Failure: Error {}

    private static func run(_ script: String, _ arguments: [String]) throws -> Data {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure() }
        return data
    }
}
