@testable import GatewayService
import HandlerRuntime
import Testing

@Suite struct `A session` {
    private let token = try? AccessToken(line: "operator ada 0123456789abcdef0123")

    @Test func `is its token's, under a key that nobody guesses, until it is ended`() throws {
        let (sessions, token) = (Sessions(), try #require(token))
        let (one, other) = (sessions.begin(token), sessions.begin(token))
        #expect(one != other && one.utf8.count == 64)
        #expect(sessions.token(of: one, among: [token]) == token)
        #expect(sessions.token(of: one.uppercased() + "x", among: [token]) == nil)
        sessions.end(one)
        #expect(sessions.token(of: one, among: [token]) == nil)
        #expect(sessions.token(of: other, among: [token]) == token)
    }

    @Test func `ends with its token`() throws {
        let (sessions, token) = (Sessions(), try #require(token))
        let key = sessions.begin(token)
        #expect(sessions.token(of: key, among: []) == nil)
        #expect(sessions.token(of: key, among: [token]) == nil)
    }

    @Test(arguments: [
        Sessions.Times(idle: .zero, whole: .seconds(60)), Sessions.Times(idle: .seconds(60), whole: .zero),
    ])
    func `ends when it was idle for too long, and when it has lasted for long enough`(times: Sessions.Times) throws
    {
        let (sessions, token) = (Sessions(times: times), try #require(token))
        #expect(sessions.token(of: sessions.begin(token), among: [token]) == nil)
    }

    @Test func `is one of not too many`() throws {
        let (sessions, token) = (Sessions(), try #require(token))
        let first = sessions.begin(token)
        for _ in 0..<1_000 { _ = sessions.begin(token) }
        #expect(sessions.token(of: first, among: [token]) == nil)
    }
}

@Suite struct `Wrong tokens` {
    @Test func `are too many when they are more than a few from one address`() throws {
        let attempts = Attempts(limits: .init(fromOne: 2, fromAll: 100, window: .seconds(60)))
        try attempts.noteWrong("a")
        try attempts.noteWrong("a")
        #expect(throws: AccessDenied.self) { try attempts.noteWrong("a") }
        try attempts.noteWrong("b")
    }

    @Test func `are too many when they are many from everywhere, until the window is over`() throws {
        let attempts = Attempts(limits: .init(fromOne: 2, fromAll: 2, window: .milliseconds(50)))
        try attempts.noteWrong("a")
        try attempts.noteWrong("b")
        #expect(throws: AccessDenied.self) { try attempts.noteWrong("c") }
        let end = ContinuousClock.now + .milliseconds(60)
        while ContinuousClock.now < end {}
        try attempts.noteWrong("c")
    }
}

@Suite struct `A token file` {
    @Test func `has a role, a name and a token in each line, or the token's digest`() throws {
        let digest = "sha256:" + String(repeating: "0a", count: 32)
        let tokens = try AccessToken.parse("# ours\n\noperator ada 0123456789abcdef0123\n  viewer bob \(digest)\n")
        #expect(tokens.map(\.name) == ["ada", "bob"])
        #expect(tokens.map(\.role) == [.operator, .viewer])
        #expect(tokens.first(matching: "0123456789abcdef0123")?.name == "ada")
        #expect(tokens.first(matching: "0123456789abcdef0124") == nil)
        #expect(tokens.first(matching: digest) == nil)
    }

    @Test(arguments: [
        ("viewer bob", "line 1 has 2 words"), ("chief bob 0123456789abcdef0123", "begins with no role"),
        ("viewer bob short", "at least 20 bytes"), ("viewer bob sha256:00", "64 hexadecimal digits"),
        ("\nviewer bob sha256:" + String(repeating: "x", count: 64), "line 2 has no good digest"),
    ])
    func `that is wrong is refused with what was expected`(text: String, message: String) {
        let problem = #expect(throws: AccessToken.Problem.self) { _ = try AccessToken.parse(text) }
        #expect(problem?.message.contains(message) == true, "\(problem?.message ?? "")")
    }
}
