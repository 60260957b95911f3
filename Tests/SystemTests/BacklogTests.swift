import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A backlog, at the command line` {
    private func json(_ result: CommandResult) throws -> JSONValue {
        guard result.exitCode == 0 else { throw TestKitError("ordershopctl was refused: \(result)") }
        return try JSONValue(parsing: result.output.utf8.dropLast())
    }

    /// A shop where crm is off and two customers wait for their welcome.
    private func withBacklog(_ body: @escaping @Sendable (Shop, _ waiting: [HistoryEvent]) async throws -> Void)
        async throws
    {
        try await withShop { shop in
            try await shop.settle()
            #expect(try await shop.ctl("module", "disable", "crm").exitCode == 0)
            _ = try await shop.create("/customers", [customer("Ada"), customer("Bob")])
            try await body(shop, try await History(of: shop)["customer_created"])
        }
    }

    /// The customers to whom crm has spoken, once for each time.
    private func spokenTo(_ shop: Shop) async throws -> [String] {
        try await shop.settle()
        let history = try await History(of: shop)
        let names = history.entities("customer").mapValues { $0["name"]?.string ?? "" }
        #expect(history["mail_sent"].count == history["mail_requested"].count)
        #expect(try shop.mailFiles().count == history["mail_requested"].count)
        return history["interaction_created"].map { names[$0.entity["customer_id"]?.string ?? ""] ?? "nobody" }
    }

    @Test func `is shown with what it would do, and nothing of it is done`() async throws {
        try await withBacklog { shop, waiting in
            let lengths = try await shop.streamLengths()
            let preview = try json(await shop.ctl("module", "enable", "crm", "--preview", "--json"))
            #expect(preview["waiting"] == 2)
            #expect(preview["streams"] == ["events:{customer}_created": 2])
            #expect(preview["effects"] == ["interaction created": 2, "mail requested": 2])
            let text = try await shop.ctl("module", "preview", "crm").output
            #expect(text.contains("2 events wait"), "\(text)")
            #expect(try await shop.streamLengths() == lengths)
            #expect(try shop.mailFiles().isEmpty)
            #expect(try await shop.modules()["crm"]?["state"] == "disabled")
            #expect(try await shop.ctl("module", "enable", "crm").exitCode == 0)
            #expect(try await spokenTo(shop) == ["Ada", "Bob"])
        }
    }

    @Test func `is passed over from now on, and what comes then is not`() async throws {
        try await withBacklog { shop, _ in
            #expect(try await shop.ctl("module", "enable", "crm", "--from", "now", "-y").exitCode == 0)
            _ = try await shop.createOne("/customers", customer("Cleo"))
            #expect(try await spokenTo(shop) == ["Cleo"])
        }
    }

    @Test func `has effects only from a moment on`() async throws {
        try await withBacklog { shop, waiting in
            _ = try await shop.createOne("/customers", customer("Cleo"))
            let last = try #require(waiting.last)
            let enable = try await shop.ctl("module", "enable", "crm", "--skip-effects-before", last.id, "-y")
            #expect(enable.exitCode == 0)
            #expect(try await spokenTo(shop) == ["Cleo"])
        }
    }

    @Test func `that was handled is replayed with or without effects, as it is told`() async throws {
        try await withBacklog { shop, waiting in
            #expect(try await shop.ctl("module", "enable", "crm").exitCode == 0)
            _ = try await shop.createOne("/customers", customer("Cleo"))
            #expect(try await spokenTo(shop) == ["Ada", "Bob", "Cleo"])
            let quiet = try await shop.ctl("module", "replay", "crm", "--from", "beginning")
            #expect(quiet.exitCode == 0, "\(quiet)")
            #expect(try await spokenTo(shop) == ["Ada", "Bob", "Cleo"])
            // The mail module never sends one twice, so a replay of it with all effects shows nothing.
            let mail = try await shop.ctl(
                "module", "replay", "mail", "--from", "beginning", "--effects", "all", "-y")
            #expect(mail.exitCode == 0, "\(mail)")
            #expect(try await spokenTo(shop) == ["Ada", "Bob", "Cleo"])
            let loud = try await shop.ctl(
                "module", "replay", "crm", "--from", waiting[0].id, "--effects", "all", "-y")
            #expect(loud.exitCode == 0, "\(loud)")
            #expect(try await spokenTo(shop) == ["Ada", "Bob", "Cleo", "Bob", "Cleo"])
            let shown = try json(await shop.ctl("module", "show", "crm", "--json"))
            #expect(shown["lag"] == 0 && shown["replay"] == nil)
        }
    }
}
