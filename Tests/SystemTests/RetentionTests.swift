import Foundation
import JSON
import Redis
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A shop whose past is trimmed` {
    /// Customers, orders and stock that came, changed and went.
    private func live(_ shop: Shop) async throws -> (goods: Goods, customers: [String]) {
        let tea = try await shop.stock("Tea", 100)
        let customers = try await shop.create("/customers", .array((1...20).map { customer("Customer\($0)") }))
        let orders = try await shop.create(
            "/orders", .array(customers.prefix(10).map { order([tea.product, tea.product], by: $0) }))
        _ = try await shop.create("/billings", .array(orders.prefix(4).map(billing)))
        for id in customers.suffix(5) { _ = try await shop.request("DELETE", "/customer/\(id)") }
        _ = try await shop.request("PUT", "/customer/\(customers[0])", customer("Ada"))
        _ = try await shop.request("DELETE", "/order/\(orders[9])")
        try await shop.settle()
        return (tea, customers)
    }

    /// What clients can ask for.
    private func view(_ shop: Shop) async throws -> [String: JSONValue] {
        var view: [String: JSONValue] = [:]
        for path in ["/report", "/orders/unbilled"] { view[path] = try await shop.get(path) }
        for order in view["/report"]?["orders"]?.array ?? [] {
            let customer = order["customer_id"]?.string ?? ""
            view[customer] = try await shop.call("crm.interactions", ["customer_id": .string(customer)])
        }
        view["mails"] = try await shop.call("mail.list")
        return view
    }

    private func events(_ shop: Shop) async throws -> Int64 {
        let keys = try await shop.redis.keys("\(shop.prefix.replacing("{", with: "\\{"))events:*")
        return try await shop.redis.pipeline(keys.map { RedisCommand("XLEN", $0) }).compactMap(\.int).reduce(0, +)
    }

    private static let everything = "2100-01-01T00:00:00Z"

    @Test func `looks as before, works as before, and starts as before`() async throws {
        try await withShop { shop in
            let (tea, customers) = try await live(shop)
            let before = try await view(shop)
            let plan = try await shop.ctl("retention", "apply", "--before", Self.everything, "--dry-run", "--json")
            let count = try await events(shop)
            #expect(try JSONValue(parsing: plan.output.utf8)["events"]?.number?.int64 == count)
            let result = try await shop.ctl("retention", "apply", "--before", Self.everything, "--yes")
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(try await events(shop) == 0)
            #expect(try await view(shop) == before)

            #expect(try await shop.amount(tea) == 82)
            _ = try await shop.createOne("/orders", order([tea.product], by: customers[0]))
            #expect(try await shop.amount(tea) == 81)
            #expect(try await shop.request("POST", "/inventory", inventory(tea.product, 1)).status == 409)
            #expect(try await shop.request("PUT", "/customer/\(customers[3])", customer("Bob")).text == "true")
            #expect(try await shop.request("DELETE", "/customer/\(customers[4])").text == "true")
            try await shop.settle()
            let after = try await view(shop)
            _ = try await shop.call("retention.apply", ["before": .string(Self.everything)])
            #expect(try await view(shop) == after)

            try await shop.rebuildCache()
            await shop.daemon.stop()
            try await shop.daemon.start()
            try await shop.settle()
            #expect(try await view(shop) == after)
        }
    }

    @Test func `keeps what a disabled module has not handled, and says who needs it`() async throws {
        try await withShop { shop in
            _ = try await shop.createOne("/customers", customer("Ada"))
            try await shop.settle()
            try await shop.setEnabled(false, "crm")
            _ = try await shop.create("/customers", .array((1...7).map { customer("Late\($0)") }))
            let before = try await events(shop)
            let result = try await shop.ctl("retention", "apply", "--before", Self.everything, "--yes")
            #expect(result.exitCode == 1)
            #expect(result.errors.contains("crm has handled events:{customer}_created up to"))
            #expect(result.errors.contains("7 to go"))
            let shown = try await shop.call("retention.show")
            #expect(shown["held_by"]?.array?.compactMap { $0["module"]?.string } == ["crm"])
            #expect(try await events(shop) == before)

            try await shop.setEnabled(true, "crm")
            try await shop.settle()
            #expect(try shop.mailFiles().count == 8)
            #expect(try await shop.ctl("retention", "apply", "--before", Self.everything, "--yes").exitCode == 0)
            #expect(try await events(shop) == 0)
        }
    }

    @Test func `comes back from its archives in an empty shop, and nobody gets a mail again`() async throws {
        let archive = try TemporaryDirectory()
        var options = DaemonProcess.Options()
        options.configuration = "archive:\n    directory: \(archive.path)\n"
        let settings = options
        try await withShop(settings) { shop in
            let (tea, customers) = try await live(shop)
            _ = try await shop.ctl("retention", "apply", "--before", Self.everything, "--yes")
            _ = try await shop.createOne("/orders", order([tea.product], by: customers[1]))
            try await shop.settle()
            _ = try await shop.ctl("retention", "apply", "--before", Self.everything, "--yes")
            let before = try await view(shop)
            let list = try await shop.call("archive.list").array ?? []
            let files = list.compactMap { $0["file"]?.string }
            #expect(files.count == 2)
            for file in files { #expect(try await shop.ctl("archive", "verify", file).exitCode == 0) }
            let shown = try await shop.ctl("archive", "show", files[0], "--limit", "3")
            #expect(shown.output.split(separator: "\n").count == 3)

            try await withShop(settings, inTurn: false) { copy in
                #expect(try await copy.ctl("archive", "restore", files[1], "--yes").exitCode == 1)
                for file in files {
                    let result = try await copy.ctl("archive", "restore", file, "--yes")
                    #expect(result.exitCode == 0, "\(result.errors)")
                }
                try await copy.settle()
                #expect(try await view(copy) == before)
                #expect(try copy.mailFiles() == [])
                _ = try await copy.createOne("/orders", order([tea.product], by: customers[0]))
                try await copy.settle()
                #expect(try copy.mailFiles().count == 2)
                #expect(try await copy.amount(tea) == 80)
            }
        }
        withExtendedLifetime(archive) {}
    }

    @Test func `gives no other files away by its archives`() async throws {
        try await withShop { shop in
            for name in ["../../etc/passwd", "/etc/passwd", "x/../y.ndjson.gz"] {
                for verb in ["verify", "show", "restore"] {
                    let isAsked = verb == "restore"
                    let result = try await shop.ctl("archive", verb, name, isAsked ? "--yes" : "--json")
                    #expect(result.exitCode == 1 && result.errors.contains("is not the name of an archive"))
                }
            }
            let modules = try await shop.modules()
            #expect(Set(modules.filter { $0.value["enabled"] != true }.keys) == Shop.offAtFirst)
        }
    }
}
