import Curl
import TestKit
import Testing

private func sender(private isPrivate: Bool, plain: Bool = true, authorities: String? = nil) -> HTTPSender {
    HTTPSender(
        HTTPRules(allowsPrivate: isPrivate, allowsPlain: plain, authorities: authorities, timeout: .seconds(5)))
}

extension HTTPSender {
    fileprivate func post(to url: String) async throws(HTTPError) -> HTTPAnswer {
        try await post(Array("{}".utf8), to: url, headers: ["X-Test: 1"])
    }

    fileprivate func failure(at url: String) async -> HTTPError? {
        do { _ = try await post(to: url) } catch { return error }
        return nil
    }
}

@Suite(.timeLimit(.minutes(2))) struct `Requests by HTTP` {
    @Test(arguments: [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
        "ip6-localhost",
    ])
    func `reach no private address, however it is written and whatever a name resolves to`(host: String)
        async throws
    {
        let receiver = try await WebhookReceiver.start()
        let sender = sender(private: false)
        defer { sender.close() }
        let error = try #require(await sender.failure(at: "http://\(host):\(receiver.port)/"))
        // A machine without IPv6 does not know some of them at all.
        if error.code != .forbidden { #expect(host.contains("6") || host.contains(":")) }
        #expect(try receiver.requests().isEmpty)
    }

    @Test func `go to this machine where that is allowed, and keep the beginning of the answer`() async throws {
        let receiver = try await WebhookReceiver.start()
        let sender = sender(private: true, plain: false)
        defer { sender.close() }
        var behaviour = WebhookReceiver.Behaviour(status: 429, headers: ["Retry-After": "7"])
        behaviour.body = String(repeating: "a", count: 5_000)
        try receiver.behave("/busy", behaviour)
        for _ in 0..<3 {
            let answer = try await sender.post(to: "http://127.0.0.1:\(receiver.port)/busy")
            #expect(answer.status == 429 && answer.header("retry-after") == "7")
            #expect(answer.excerpt.count == HTTPSender.kept)
        }
        #expect(try receiver.requests().map(\.body) == ["{}", "{}", "{}"])
        #expect(try receiver.requests()[0].headers["x-test"] == "1")
    }

    @Test func `follow nobody elsewhere, and read no answer without an end`() async throws {
        let receiver = try await WebhookReceiver.start()
        let sender = sender(private: true)
        defer { sender.close() }
        let url = "http://127.0.0.1:\(receiver.port)"
        try receiver.behave("/away", .init(status: 307, headers: ["Location": "\(url)/there"]))
        #expect(try await sender.post(to: "\(url)/away").status == 307)
        #expect(try receiver.requests("/there").isEmpty)
        var endless = WebhookReceiver.Behaviour()
        endless.isEndless = true
        try receiver.behave("/endless", endless)
        #expect(try await sender.post(to: "\(url)/endless").status == 200)
    }

    @Test func `trust only whom they are told to, by https`() async throws {
        let directory = try TemporaryDirectory()
        let certificates = try await Certificates(in: directory, names: "DNS:localhost,IP:127.0.0.1")
        let receiver = try await WebhookReceiver.start(certificates)
        let url = "https://localhost:\(receiver.port)/"
        let trusting = sender(private: true, authorities: certificates.ca)
        let strange = sender(private: true, authorities: certificates.otherCA)
        defer {
            trusting.close()
            strange.close()
        }
        #expect(try await trusting.post(to: url).status == 200)
        #expect(await strange.failure(at: url)?.code == .failed)
        #expect(try receiver.requests().count == 1)
    }

    @Test func `are broken off after their time, and when nobody waits any more`() async throws {
        let receiver = try await WebhookReceiver.start()
        var slow = WebhookReceiver.Behaviour()
        slow.delay = 30
        try receiver.behave("/slow", slow)
        let hasty = HTTPSender(HTTPRules(allowsPrivate: true, timeout: .milliseconds(300)))
        #expect(await hasty.failure(at: "http://127.0.0.1:\(receiver.port)/slow")?.code == .failed)
        let patient = sender(private: true)
        async let failure = patient.failure(at: "http://127.0.0.1:\(receiver.port)/slow")
        try await eventually("it is on its way") { try receiver.requests().count == 2 }
        patient.close()
        #expect(await failure?.code == .cancelled)
        hasty.close()
    }
}
