import Curl
import Foundation
import TestKit
import Testing

/// A mail server with TLS and AUTH, and the certificates of who runs it.
private struct Post {
    let directory: TemporaryDirectory
    let certificates: Certificates
    let server: MailServer

    static func open(implicit: Bool = false) async throws -> Post {
        let directory = try TemporaryDirectory()
        let certificates = try await Certificates(in: directory, names: "DNS:localhost,IP:127.0.0.1")
        var options = MailServer.Options()
        (options.certificates, options.isImplicit, options.asksForPassword) = (certificates, implicit, true)
        return Post(
            directory: directory, certificates: certificates, server: try await MailServer.start(options))
    }

    var settings: SMTPServer {
        var settings = SMTPServer(url: "smtp://localhost:\(server.port)", timeout: .seconds(20))
        (settings.user, settings.password) = ("ada", "secret word")
        (settings.encryption, settings.authorities) = (.required, certificates.ca)
        return settings
    }
}

private func plain(_ timeout: Duration = .seconds(20)) async throws -> (MailServer, SMTPClient) {
    let server = try await MailServer.start()
    return (server, SMTPClient(SMTPServer(url: "smtp://127.0.0.1:\(server.port)", timeout: timeout)))
}

private func message(_ subject: String = "Hello") -> [UInt8] {
    let headers = "From: shop@example.org\r\nSubject: \(subject)\r\nMessage-ID: <1@test>\r\n"
    return Array("\(headers)\r\n.\r\n..dots\r\nEnd\r\n".utf8)
}

extension SMTPClient {
    @discardableResult
    fileprivate func send(to recipient: String) async throws(SMTPError) -> String {
        try await send(message(), from: "shop@example.org", to: recipient)
    }

    /// Why a mail is not taken.
    fileprivate func refusal(of recipient: String) async -> SMTPError? {
        do { try await send(to: recipient) } catch { return error }
        return nil
    }
}

@Suite(.timeLimit(.minutes(2))) struct `Mails by SMTP` {
    @Test func `arrive as they were written, by STARTTLS and with a log-in, over one connection`() async throws {
        let post = try await Post.open()
        let client = SMTPClient(post.settings)
        defer { client.close() }
        for number in 1...5 {
            let reply = try await client.send(to: "bob\(number)@example.org")
            #expect(reply == "250 2.0.0 Taken as mail \(number)")
        }
        let mails = try post.server.mails()
        #expect(mails.map(\.to) == (1...5).map { ["bob\($0)@example.org"] })
        #expect(Set(mails.map(\.session)) == [1])
        #expect(mails.allSatisfy { $0.tls && $0.login == "ada" && $0.from == "shop@example.org" })
        #expect(mails.allSatisfy { $0.text == ".\n..dots\nEnd\n" })
    }

    @Test func `arrive by TLS from the beginning`() async throws {
        let post = try await Post.open(implicit: true)
        var settings = post.settings
        settings.url = "smtps://localhost:\(post.server.port)"
        let client = SMTPClient(settings)
        defer { client.close() }
        try await client.send(to: "bob@example.org")
        #expect(try post.server.mails().map(\.tls) == [true])
    }

    @Test func `are not sent to a server whose certificate is not by a trusted authority`() async throws {
        let post = try await Post.open()
        var settings = post.settings
        settings.authorities = post.certificates.otherCA
        let client = SMTPClient(settings)
        defer { client.close() }
        let error = try #require(await client.refusal(of: "bob@example.org"))
        #expect(error.code == .serverUnavailable)
        #expect(error.description.contains("certificate"))
        #expect(post.server.asked.isEmpty)
    }

    @Test func `are not sent in clear where encryption is required`() async throws {
        let (server, _) = try await plain()
        var settings = SMTPServer(url: "smtp://127.0.0.1:\(server.port)")
        settings.encryption = .required
        let client = SMTPClient(settings)
        defer { client.close() }
        #expect(await client.refusal(of: "bob@example.org")?.code == .serverUnavailable)
        #expect(server.asked.isEmpty)
    }

    @Test func `wait when the server does not know the password, which no error shows`() async throws {
        let post = try await Post.open()
        var settings = post.settings
        settings.password = "wrong word"
        let client = SMTPClient(settings)
        defer { client.close() }
        let error = try #require(await client.refusal(of: "bob@example.org"))
        #expect(error.code == .serverUnavailable)
        #expect(error.description.hasPrefix("535 5.7.8"))
        #expect(!error.description.contains("wrong"))
    }

    @Test func `are refused for good, or for now, in the server's own words`() async throws {
        let (server, client) = try await plain()
        defer { client.close() }
        let refused = await client.refusal(of: "refused@example.org")
        #expect(refused == SMTPError(code: .never, description: "550 5.1.1 There is nobody of that name"))
        let full = await client.refusal(of: "full@example.org")
        #expect(full == SMTPError(code: .never, description: "552 5.2.2 The mailbox 5.2.2 is full"))
        for _ in 0..<2 {
            let later = await client.refusal(of: "greylisted@example.org")
            #expect(later == SMTPError(code: .notNow, description: "451 4.7.1 Come back in a while"))
        }
        try await client.send(to: "greylisted@example.org")
        #expect(try server.mails().count == 1)
    }

    @Test func `wait when nobody listens`() async throws {
        let client = SMTPClient(SMTPServer(url: "smtp://127.0.0.1:\(try LoopbackPort.free())"))
        defer { client.close() }
        #expect(await client.refusal(of: "bob@example.org")?.code == .serverUnavailable)
    }

    @Test func `are given up when the server does not answer in time, or dies in the midst of them`() async throws {
        let (server, client) = try await plain(.seconds(2))
        defer { client.close() }
        #expect(await client.refusal(of: "deaf@example.org")?.code == .notNow)
        #expect(await client.refusal(of: "dying@example.org")?.code == .notNow)
        server.pause()
        #expect(await client.refusal(of: "bob@example.org")?.code == .serverUnavailable)
        server.resume()
        try await client.send(to: "bob@example.org")
    }

    @Test func `are broken off when the task is cancelled`() async throws {
        let (server, client) = try await plain()
        defer { client.close() }
        let cancelled = Task { await client.refusal(of: "deaf@example.org") }
        try await eventually("it is in hand") { try server.mails().count == 1 }
        cancelled.cancel()
        #expect(await cancelled.value?.code == .cancelled)
    }

    @Test func `are broken off when the client is closed`() async throws {
        let (server, client) = try await plain()
        let closed = Task { await client.refusal(of: "deaf@example.org") }
        try await eventually("it is in hand") { try server.mails().count == 1 }
        client.close()
        #expect(await closed.value?.code == .cancelled)
        #expect(await client.refusal(of: "bob@example.org")?.code == .cancelled)
    }

    @Test(arguments: [
        "a@b.example> SIZE=1", "a@b.example\r\nRCPT TO:<eve@b.example", "a", "@b.example", "a@", "a@b@c.example",
        "ä@b.example", "a b@c.example", "a,b@c.example", "<a@b.example>",
    ])
    func `go to one address, and to nothing that is none`(address: String) async throws {
        let client = SMTPClient(SMTPServer(url: "smtp://127.0.0.1:\(try LoopbackPort.free())"))
        defer { client.close() }
        #expect(await client.refusal(of: address)?.code == .never)
    }

    @Test func `go out side by side, over no more connections than may be`() async throws {
        let (server, client) = try await plain()
        defer { client.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 { group.addTask { try await client.send(to: "c\(number)@example.org") } }
            try await group.waitForAll()
        }
        let mails = try server.mails()
        #expect(Set(mails.flatMap(\.to)).count == 40)
        #expect(Set(mails.map(\.session)).count <= 4)
    }
}
