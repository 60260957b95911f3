import Foundation
import JSON
import TestKit
import Testing

/// Real users, as the kernel tells of them: only root can be somebody else.
@Suite(.timeLimit(.minutes(12)), .enabled(if: geteuid() == 0, "only root can become another user"))
struct `A caller of the control socket` {
    private static let nobody = "65534"

    /// Runs `body` with a shop that everybody can reach, and a way to call it as the user nobody.
    private func withOpenShop(
        _ environment: [String: String],
        _ body: @escaping @Sendable (Shop, @Sendable ([String]) async throws -> CommandResult) async throws -> Void
    ) async throws {
        var options = DaemonProcess.Options()
        options.environment = environment
        try await withShop(options) { shop in
            for path in [shop.daemon.stateDirectory, shop.daemon.socketPath] {
                try await open(path)
            }
            let program = try await Self.publicCopy(of: try Programs.path("ordershopctl"))
            defer { try? FileManager.default.removeItem(atPath: program) }
            let socket = shop.daemon.socketPath
            try await body(shop) { arguments in
                try await runCommand(
                    [
                        "setpriv", "--reuid", Self.nobody, "--regid", Self.nobody, "--clear-groups", program,
                        "--socket", socket,
                    ] + arguments)
            }
        }
    }

    /// The way to it, and itself, for everybody.
    private func open(_ path: String) async throws {
        var path = path
        _ = try await runCommand(["chmod", "o+rwx", path])
        while path != "/tmp", path != "/" {
            path = (path as NSString).deletingLastPathComponent
            if path != "/tmp", path != "/" { _ = try await runCommand(["chmod", "o+x", path]) }
        }
    }

    /// The build directory may be closed to others.
    private static func publicCopy(of program: String) async throws -> String {
        let copy = "/tmp/ordershopctl-\(UUID().uuidString.prefix(8))"
        _ = try await runCommand(["install", "-m", "0755", program, copy])
        return copy
    }

    @Test func `without a role may do nothing, and the log says who tried what`() async throws {
        try await withOpenShop([:]) { shop, nobody in
            for arguments in [["status"], ["customer", "list"], ["module", "disable", "crm"]] {
                let result = try await nobody(arguments)
                #expect(result.exitCode == 1, "\(result)")
                #expect(result.errors.contains("you have none"), "\(result)")
            }
            #expect(try await shop.modules()["crm"]?["enabled"] == true)
            let words = ["a call was not allowed", "uid=65534", "method=module.disable"]
            let lines = shop.daemon.log.split(separator: "\n")
            #expect(lines.contains { line in words.allSatisfy { line.contains($0) } })
        }
    }

    @Test func `who is a viewer may look and nothing else`() async throws {
        try await withOpenShop(["ORDERSHOP_CONTROL_VIEWERS": "nobody"]) { shop, nobody in
            #expect(try await nobody(["status"]).exitCode == 0)
            #expect(try await nobody(["customer", "list"]).exitCode == 0)
            let create = try await nobody(["customer", "create", "--name", "Ada", "--email", "ada@example.org"])
            #expect(create.exitCode == 1 && create.errors.contains("takes the role operator"), "\(create)")
            #expect(try await shop.call("customer.list") == [])
        }
    }

    @Test func `who is an operator by his group runs the shop, and stands in the events that he caused`()
        async throws
    {
        try await withOpenShop(["ORDERSHOP_CONTROL_OPERATORS": "somebody, @nogroup"]) { shop, nobody in
            #expect(
                try await nobody(["customer", "create", "--name", "Ada", "--email", "ada@example.org"]).exitCode
                    == 0)
            let events = try await shop.call("event.list", ["topic": "customer"]).array ?? []
            #expect(events.count == 1 && events[0]["metadata"]?["uid"] == "65534")
            #expect(try await nobody(["module", "disable", "crm"]).exitCode == 0)
            let shutdown = try await nobody(["call", "daemon.shutdown"])
            #expect(shutdown.exitCode == 1 && shutdown.errors.contains("takes the role admin"), "\(shutdown)")
            #expect(shop.daemon.isRunning)
        }
    }

    @Test func `who is an admin may do everything`() async throws {
        try await withOpenShop(["ORDERSHOP_CONTROL_ADMINS": "nobody"]) { shop, nobody in
            #expect(try await nobody(["call", "log.set", #"{"level": "debug"}"#]).exitCode == 0)
            #expect(try await shop.call("log.level") == "debug")
            #expect(try await nobody(["call", "daemon.shutdown"]).exitCode == 0)
            try await eventually("it ends") { !shop.daemon.isRunning }
        }
    }
}
