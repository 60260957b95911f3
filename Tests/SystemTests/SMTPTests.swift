import Foundation
import JSON
import TestKit
import Testing

/// A shop that sends its mails to a mail server.
private func withPost(
    _ options: MailServer.Options = MailServer.Options(), settings: String = "", smtp: String = "",
    _ body: @escaping @Sendable (Shop, MailServer) async throws -> Void
) async throws {
    let server = try await MailServer.start(options)
    var daemon = DaemonProcess.Options()
    daemon.configuration = """
        mail:
            from: The Shop <shop@example.org>
            \(settings.replacing("\n", with: "\n    "))
            smtp:
                url: smtp://localhost:\(server.port)
                retry: 1
                timeout: 5
                \(smtp.replacing("\n", with: "\n        "))
        """
    try await withShop(daemon) { try await body($0, server) }
}

extension Shop {
    @discardableResult
    fileprivate func mail(_ recipient: String) async throws -> String {
        try await call("mail.send", mailTo(recipient)).string ?? ""
    }

    fileprivate func sent(_ id: String) async throws -> JSONValue {
        try await call("mail.get", ["id": .string(id)])
    }

    fileprivate func parked() async throws -> [JSONValue] {
        try await call("parked.list", ["module": "mail"]).array ?? []
    }
}

private func mailTo(_ recipient: String) -> JSONValue {
    [
        "to": .string("\(recipient)@example.org"), "subject": "Größe „L“", "body": "Ein Ä.\n.\n",
        "html": "<p>Ein Ä.</p>",
    ]
}

@Suite(.timeLimit(.minutes(12))) struct `Mails by SMTP` {
    @Test func `arrive by TLS and with a log-in as any mail reader reads them, and keep the server's words`()
        async throws
    {
        let directory = try TemporaryDirectory()
        var options = MailServer.Options()
        options.certificates = try await Certificates(in: directory, names: "DNS:localhost")
        options.asksForPassword = true
        try Data("secret word\n".utf8).write(to: URL(filePath: directory.file("password")))
        let smtp = """
            user: ada
            password_file: \(directory.file("password"))
            tls: required
            ca: \(directory.file("ca.pem"))
            """
        try await withPost(options, smtp: smtp) { shop, server in
            let id = try await shop.mail("bob")
            try await eventually("it is sent") { try await shop.sent(id)["sent_at"] != nil }
            #expect(try await shop.sent(id)["reply"] == "250 2.0.0 Taken as mail 1")
            let mail = try #require(try server.mails().first)
            #expect(mail.tls && mail.login == "ada" && mail.from == "shop@example.org")
            #expect(mail.to == ["bob@example.org"] && mail.subject == "Größe „L“" && mail.defects == [])
            #expect(mail.type == "multipart/alternative" && mail.text == "Ein Ä.\n.\n")
            #expect(mail.html?.trimmingCharacters(in: .newlines) == "<p>Ein Ä.</p>")
            let request = try await History(of: shop)["mail_requested"][0]
            #expect(mail.messageID == "<\(request.id)@example.org>")
            #expect(!shop.daemon.log.contains("secret word"))
            #expect(try await shop.call("config.show")["mail.smtp.url"] != nil)
            #expect(!FileManager.default.fileExists(atPath: shop.daemon.mailDirectory + "/new"))
        }
    }

    @Test func `of which one is refused or greylisted do not hold up the others`() async throws {
        try await withPost { shop, server in
            let refused = try await shop.mail("refused")
            let later = try await shop.mail("greylisted")
            for number in 0..<10 { try await shop.mail("bob\(number)") }
            try await eventually("the others are there") { try server.mails().count >= 10 }
            try await eventually("the greylisted one is there") { try await shop.sent(later)["sent_at"] != nil }
            try await eventually("only the refused one is left") { try await shop.parked().count == 1 }
            let parked = try await shop.parked()[0]
            #expect(parked["reason"] == "550 5.1.1 There is nobody of that name")
            #expect(parked["entity"]?.string == "mail:\(refused)")
            #expect(server.asked.count { $0 == "refused@example.org" } == 1)
            #expect(try server.mails().count == 11)
        }
    }

    @Test func `wait while the server is away, and go out once it is back, each once`() async throws {
        let port = try LoopbackPort.free()
        let options = MailServer.Options(port: port)
        try await withPost(options) { shop, server in
            server.stop()
            for number in 0..<20 { try await shop.mail("bob\(number)") }
            try await eventually("the module waits") {
                try await shop.modules()["mail"]?["state"] == "backing off"
            }
            #expect(try await shop.parked().isEmpty)
            let back = try await MailServer.start(options)
            try await shop.settle()
            #expect(try back.mails().flatMap(\.to).sorted() == (0..<20).map { "bob\($0)@example.org" }.sorted())
        }
    }

    @Test func `whose server dies in their midst are sent again under the same name`() async throws {
        try await withPost { shop, server in
            let id = try await shop.mail("dying")
            try await shop.mail("bob")
            try await eventually("it is sent") { try await shop.sent(id)["sent_at"] != nil }
            let mails = try server.mails().filter { $0.to == ["dying@example.org"] }
            #expect(mails.count == 2)
            #expect(Set(mails.map(\.messageID)).count == 1)
        }
    }

    @Test func `go out no faster than they may`() async throws {
        try await withPost(settings: "rate: 4/s") { shop, server in
            let start = ContinuousClock.now
            for number in 0..<16 { try await shop.mail("bob\(number)") }
            try await eventually("all are there") { try server.mails().count == 16 }
            #expect(ContinuousClock.now - start > .seconds(2.5))
            try await shop.settle()
            #expect(try server.mails().count == 16)
        }
    }

    @Test func `that are too old when the module is back are suppressed, and said to be`() async throws {
        try await withPost(settings: "max_age: 2s") { shop, server in
            try await shop.setEnabled(false, "mail")
            _ = try await shop.createOne("/customers", ["name": "Bob", "email": "bob@example.org"])
            try await eventually("a mail waits") { try await shop.modules()["mail"]?["lag"] == 1 }
            try await Task.sleep(for: .seconds(4))
            try await shop.setEnabled(true, "mail")
            try await shop.mail("eve")
            try await eventually("the new one is sent") { try server.mails().count == 1 }
            try await shop.settle()
            #expect(try server.mails().flatMap(\.to) == ["eve@example.org"])
            let mails = try await shop.call("mail.list").array ?? []
            #expect(mails.compactMap { $0["suppressed_at"] == nil ? nil : $0["to"] } == ["bob@example.org"])
        }
    }
}
