import Crypto
import JSON
import Testing

@testable import ordershopctl

@Suite struct `A token that is made` {
    @Test func `is shown once, with the line that lets it in, and is another each time`() async throws {
        var seen: Set<String> = []
        for _ in 0..<3 {
            let made = try await Ctl.run(["token", "create", "--role", "operator", "--name", "ada", "--json"])
            #expect(made.status == 0)
            let result = try JSONValue(parsing: made.output.utf8)
            let token = try #require(result["token"]?.string)
            #expect(token.utf8.count == 64 && seen.insert(token).inserted)
            let digest = SHA256.hash(data: Array(token.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            #expect(result["line"] == .string("operator ada sha256:" + digest.joined()))
        }
    }

    @Test(arguments: [
        ["--role", "owner", "--name", "ada"], ["--role", "admin", "--name", "a b"], ["--role", "admin"],
    ])
    func `is not, for a role that there is not, or for nobody`(arguments: [String]) async throws {
        #expect(try await Ctl.run(["token", "create"] + arguments).status == 2)
    }
}
