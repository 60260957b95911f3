import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `A file of entities` {
    private func count(_ topic: String, in shop: Shop) async throws -> Int {
        try await shop.call("\(topic).list").array?.count ?? -1
    }

    private func lines(_ count: Int) -> [String] {
        (0..<count).map { #"{"name":"Customer \#($0)","email":"c\#($0)@example.org"}"# }
    }

    @Test func `is imported whole, and exported the same`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "crm")
            let text = lines(1_200).joined(separator: "\n")
            let result = try await shop.ctl("import", "customer", "-", input: text)
            #expect(result.exitCode == 0 && result.output == "1200 created.\n", "\(result.errors)")
            #expect(try await count("customer", in: shop) == 1_200)
            for format in ["ndjson", "csv"] {
                let export = try await shop.ctl("export", "customer", "--format", format)
                let again = try await shop.ctl("import", "customer", "-", "--format", format, input: export.output)
                #expect(again.exitCode == 0, "\(again.errors.prefix(300))")
            }
            let names = try await shop.call("customer.list").array?.compactMap { $0["name"]?.string } ?? []
            #expect(names.count == 4_800 && Set(names).count == 1_200)
        }
    }

    @Test func `with bad lines is not imported at all, and says which lines`() async throws {
        try await withShop { shop in
            var text = lines(700)
            text[3] = #"{"name":"Ada"}"#
            text[650] = "nonsense"
            let input = text.joined(separator: "\n")
            let result = try await shop.ctl("import", "customer", "-", input: input)
            #expect(result.exitCode == 1)
            #expect(
                result.errors.contains("line 4: /email is missing")
                    && result.errors.contains("line 651: is not JSON"))
            #expect(try await count("customer", in: shop) == 0)
            #expect(
                try await shop.ctl("import", "customer", "-", "--dry-run", "--skip-bad", input: input).exitCode == 0
            )
            #expect(try await count("customer", in: shop) == 0)
            let skipping = try await shop.ctl("import", "customer", "-", "--skip-bad", "--json", input: input)
            #expect(skipping.output == #"{"created":698,"skipped":2}"# + "\n")
            #expect(try await count("customer", in: shop) == 698)
        }
    }

    @Test func `that the shop refuses behind its first steps is taken back`() async throws {
        try await withShop { shop in
            let products = (0..<600).map { _ in #"{"name":"Tea","price":1}"# }.joined(separator: "\n")
            #expect(try await shop.ctl("import", "product", "-", input: products).exitCode == 0)
            let ids = try await shop.call("product.list").array?.compactMap { $0["id"]?.string } ?? []
            // The last one has an inventory by then.
            let input = (ids + [ids[0]]).map { #"{"product_id":"\#($0)","amount":1}"# }.joined(separator: "\n")
            let result = try await shop.ctl("import", "inventory", "-", input: input)
            #expect(result.exitCode == 1 && result.errors.contains("deleted again"), "\(result.errors)")
            #expect(try await count("inventory", in: shop) == 0)
            let skipping = try await shop.ctl("import", "inventory", "-", "--skip-bad", input: input)
            #expect(skipping.output == "600 created, 1 skipped.\n")
            #expect(skipping.errors.contains("line 601"))
        }
    }

    @Test func `of what was exported says which members the shop gives by itself`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            _ = try await shop.createOne("/orders", order([tea.product], by: ada))
            for (topic, member) in [("inventory", "on_hand"), ("order", "number")] {
                let exported = try await shop.ctl("export", topic).output
                let result = try await shop.ctl("import", topic, "-", input: exported)
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("/\(member) is given by the shop: leave it out"), "\(result.errors)")
            }
            for (topic, line) in [
                ("inventory", #"{"product_id":"\#(tea.product)","amount":3,"on_hand":3}"#),
                ("order", #"{"product_ids":["\#(tea.product)"],"customer_id":"\#(ada)","status":"billed"}"#),
            ] {
                let result = try await shop.ctl("import", topic, "-", input: line)
                #expect(result.exitCode == 1 && result.errors.contains("is given by the shop"), "\(result.errors)")
            }
        }
    }

    @Test func `of something that there is not is refused with what there is`() async throws {
        try await withShop { shop in
            let result = try await shop.ctl("import", "costumer", "-", input: "{}")
            #expect(result.exitCode == 1 && result.errors.contains("Nothing is called costumer"))
            let file = try await shop.ctl("import", "customer", "/nowhere/at/all.csv")
            #expect(file.exitCode == 2 && file.errors.contains("No such file"))
        }
    }
}
