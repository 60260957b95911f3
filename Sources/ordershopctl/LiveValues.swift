import ArgumentParser
import JSON
import JSONRPC

/// What a shell offers while a line is typed, as it is at the daemon just now. Where that cannot be asked it offers
/// nothing, and soon: whoever types waits for it.
enum LiveValues {
    static let modules = CompletionKind.custom { words, _, _ in await names("module.list", "name", words) }
    static let methods = CompletionKind.custom { words, _, _ in await names("rpc.methods", "name", words) }

    /// Ids of a kind of entity.
    static func ids(of noun: String) -> CompletionKind {
        .custom { words, _, _ in await names("\(noun).list", "id", words, ["limit": 200]) }
    }

    private static func names(
        _ method: String, _ member: String, _ words: [String], _ params: JSONValue = [:]
    ) async -> [String] {
        var connection = ConnectionOptions()
        connection.socket = words.firstIndex(of: "--socket").flatMap { words.dropFirst($0 + 1).first }
        connection.json = false
        connection.timeout = Seconds(duration: .seconds(1))
        let list = try? await connection.call(Request(method, params))
        return (list?["items"]?.array ?? list?.array ?? []).prefix(200).compactMap { $0[member]?.string }
    }
}
