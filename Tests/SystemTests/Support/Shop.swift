import JSON
import JSONRPC
import TestKit

/// A shop that is open: the built daemon, seen from each of its sides.
struct Shop: Sendable {
    let daemon: DaemonProcess

    /// Redis, as somebody with redis-cli sees it.
    var redis: RedisProbe { RedisProbe(url: daemon.redis, key: daemon.options.shop.map { "{\($0)}" }) }
    /// What stands before every key of the shop.
    var prefix: String { daemon.options.shop.map { "{\($0)}:" } ?? "" }

    // MARK: REST

    /// A request over a connection of its own.
    func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> HTTPResponse {
        let connection = try await HTTPConnection.connect(port: daemon.port)
        defer { connection.close() }
        return try await connection.send(method, path, headers: headers, body: body)
    }

    func request(_ method: String, _ path: String, _ body: JSONValue) async throws -> HTTPResponse {
        try await request(method, path, body: body.text)
    }

    /// The answer to a GET that must be taken.
    func get(_ path: String) async throws -> JSONValue { try await request("GET", path).taken() }

    /// The ids of what was created.
    func create(_ path: String, _ body: JSONValue) async throws -> [String] {
        let ids = try await request("POST", path, body).taken()
        return (ids.array ?? []).compactMap(\.string)
    }

    /// The id of the one thing that was created.
    func createOne(_ path: String, _ body: JSONValue) async throws -> String {
        let ids = try await create(path, body)
        guard let id = ids.first, ids.count == 1 else { throw TestKitError("one id was expected, not \(ids)") }
        return id
    }

    // MARK: The control socket

    func call(_ method: String, _ params: JSONValue? = nil) async throws -> JSONValue {
        let client = try await JSONRPCClient.connect(path: daemon.socketPath)
        return try await client.call(method, params, timeout: .seconds(60))
    }

    /// Why a call is refused; nil where it is done.
    func reason(_ method: String, _ params: JSONValue) async throws -> String? {
        do { _ = try await call(method, params) } catch let error as JSONRPCError {
            return error.data?["reason"]?.string ?? "\(error.code)"
        }
        return nil
    }

    func setEnabled(_ isEnabled: Bool, _ module: String) async throws {
        _ = try await call(isEnabled ? "module.enable" : "module.disable", ["name": .string(module)])
    }

    /// The states of all modules, by name.
    func modules() async throws -> [String: JSONValue] {
        let list = try await call("module.list").array ?? []
        return Dictionary(uniqueKeysWithValues: list.map { ($0["name"]?.string ?? "", $0) })
    }

    /// Waits until every enabled module works here and has no event left to handle.
    func settle() async throws {
        try await eventually("every module has caught up", within: .seconds(120)) {
            try await modules().values.allSatisfy { module in
                module["state"] == "disabled" || (module["state"] == "running" && module["lag"] == 0)
            }
        }
    }

    // MARK: The tool

    func ctl(_ arguments: String..., input: String = "") async throws -> CommandResult {
        let program = try Programs.path("ordershopctl")
        return try await runCommand([program, "--socket", daemon.socketPath] + arguments, input: input)
    }
}

extension HTTPResponse {
    /// The body of an answer that must be a 200 with JSON.
    func taken() throws -> JSONValue {
        guard status == 200 else { throw TestKitError("200 was expected, not \(status): \(text)") }
        return try json()
    }

    func json() throws -> JSONValue { try JSONValue(parsing: body) }
}

extension JSONValue {
    static func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    /// A number, as it is written in JSON.
    static func decimal(_ text: String) -> JSONValue { (try? JSONValue(parsing: text.utf8)) ?? .null }
}
