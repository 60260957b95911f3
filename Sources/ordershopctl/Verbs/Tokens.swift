import ArgumentParser
import Crypto
import JSON

struct Tokens: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "What people and programs show at the gateway.",
        subcommands: [CreateToken.self])

    @OptionGroup var connection: ConnectionOptions
}

/// Asks nobody: the token is this program's, and whoever may write the file lets it in.
struct CreateToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token, and the line for the file that gateway.access.token_file names.",
        discussion: "The token is shown once and is kept nowhere: the line has its SHA-256 only.")

    enum Role: String, ExpressibleByArgument, CaseIterable { case viewer, `operator`, admin }

    @Option(help: "What whoever shows it may do.") var role: Role
    @Option(help: "Whose it is, in one word: it stands in the log and in what its owner changes.")
    var name: String
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw ValidationError("The name is one word of at most 64 bytes.")
        }
    }

    func run() async throws {
        let token = Self.random()
        let line = "\(role.rawValue) \(name) sha256:\(Self.hexadecimal(SHA256.hash(data: Array(token.utf8))))"
        let result: JSONValue = ["token": .string(token), "line": .string(line)]
        try Output.write((connection.json ? result.text : "token  \(token)\nline   \(line)") + "\n")
    }

    /// 256 bits.
    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return hexadecimal((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
