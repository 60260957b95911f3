import JSON
import Testing
import TestKit

@Suite(.timeLimit(.minutes(12))) struct `The whole story over REST` {
    @Test func `an empty shop lists nothing`() async throws {
        try await withShop { shop in
            for path in ["/customers", "/products", "/inventory", "/orders", "/billings", "/orders/unbilled"] {
                let response = try await shop.request("GET", path)
                #expect(response.status == 200)
                #expect(response.text == "[]")
                #expect(response.header("content-type") == "application/json")
            }
            let report = #"{"products":[],"inventory":[],"customers":[],"orders":[],"billings":[]}"#
            #expect(try await shop.request("GET", "/report").text == report)
        }
    }

    @Test func `one object or an array creates on the plural and on the singular path`() async throws {
        try await withShop { shop in
            for path in ["/customers", "/customer"] {
                #expect(try await shop.create(path, customer("Ada")).count == 1)
                let ids = try await shop.create(path, [customer("Bob"), customer("Cleo"), customer("Dan")])
                var names: [String?] = []
                for id in ids { names.append(try await shop.get("/customer/\(id)")["name"]?.string) }
                #expect(names == ["Bob", "Cleo", "Dan"])
            }
            let products = try await shop.create("/products", [product("Tea"), product("Cup")])
            let more = try await shop.create("/product", product("Pot"))
            let stocks = try await shop.create("/inventory", .array((products + more).map { inventory($0, 9) }))
            #expect(stocks.count == 3)
            let ada = try await shop.createOne("/customer", customer("Ada"))
            let orders = try await shop.create("/order", [order(more, by: ada), order(products, by: ada)])
            let another = try await shop.create("/orders", order(products, by: ada))
            #expect(try await shop.create("/billing", [billing(orders[0]), billing(orders[1])]).count == 2)
            #expect(try await shop.create("/billings", billing(another[0])).count == 1)
            #expect(try await shop.get("/billings").array?.count == 3)
        }
    }

    @Test func `an empty array creates nothing`() async throws {
        try await withShop { shop in
            let before = try await shop.streamLengths()
            for path in ["/customers", "/product", "/inventory", "/orders", "/billing"] {
                #expect(try await shop.request("POST", path, []).text == "[]")
            }
            #expect(try await shop.streamLengths() == before)
        }
    }

    @Test func `an entity is its properties behind its id and null where there is none`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", ["email": "ada@example.org", "name": "Ada Ü 🎈"])
            let tea = try await shop.createOne("/products", ["price": .decimal("12.5"), "name": "Tea \"green\""])
            let stock = try await shop.createOne("/inventory", inventory(tea, 5))
            let first = try await shop.createOne("/orders", order([tea, tea], by: ada))
            let entities = [
                "customer/\(ada)": #"{"id":"\#(ada)","name":"Ada Ü 🎈","email":"ada@example.org"}"#,
                "product/\(tea)": #"{"id":"\#(tea)","name":"Tea \"green\"","price":12.5}"#,
                "inventory/\(stock)": #"{"id":"\#(stock)","product_id":"\#(tea)","amount":3}"#,
                "order/\(first)":
                    #"{"id":"\#(first)","product_ids":["\#(tea)","\#(tea)"],"customer_id":"\#(ada)"}"#,
            ]
            for (path, text) in entities {
                // What the contract names stands first; what was added comes behind.
                #expect(try await shop.request("GET", "/\(path)").text.hasPrefix(text.dropLast()), "\(path)")
            }
            for kind in ["customer", "product", "inventory", "order", "billing"] {
                #expect(try await shop.request("GET", "/\(kind)/\(nobody)").text == "null")
                #expect(try await shop.request("GET", "/\(kind)/no-uuid").text == "null")
            }
        }
    }

    @Test func `a billing says when it was paid, to a fraction of a second`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 5)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let orders = try await shop.create(
                "/orders", [order([tea.product], by: ada), order([tea.product], by: ada)])
            let told = try await shop.createOne(
                "/billings", ["order_id": .string(orders[0]), "done": .decimal("1548699679.25")])
            #expect(try await shop.get("/billing/\(told)")["done"] == .decimal("1548699679.25"))
            let stamped = try await shop.createOne("/billings", billing(orders[1]))
            let done = try #require(try await shop.get("/billing/\(stamped)")["done"]?.number)
            #expect(abs(done.double - History.now) < 60)
            #expect(done.scaled(toFractionDigits: 6) != nil)
        }
    }

    @Test func `a replaced entity is the new one and a deleted one is gone`() async throws {
        try await withShop { shop in
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let whole: JSONValue = ["id": .string(ada), "name": "Ada L.", "email": "ada@example.com"]
            #expect(try await shop.request("PUT", "/customer/\(ada)", whole).text == "true")
            #expect(try await shop.get("/customer/\(ada)") == whole)
            #expect(try await shop.request("PUT", "/customer/\(ada)", customer("Eve")).text == "true")
            #expect(try await shop.get("/customers").array?.map { $0["name"] } == ["Eve"])
            #expect(try await shop.request("DELETE", "/customer/\(ada)").text == "true")
            #expect(try await shop.get("/customer/\(ada)") == .null)
            #expect(try await shop.get("/customers") == [])
        }
    }

    @Test func `an order takes its pieces, a changed one swaps them, a deleted one gives them back`() async throws {
        try await withShop { shop in
            let (tea, cup) = (try await shop.stock("Tea", 5), try await shop.stock("Cup", 5))
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let id = try await shop.createOne("/orders", order([tea.product, cup.product, tea.product], by: ada))
            #expect(try await [shop.amount(tea), shop.amount(cup)] == [3, 4])
            let changed = order([cup.product, cup.product, cup.product, tea.product], by: ada)
            #expect(try await shop.request("PUT", "/order/\(id)", changed).text == "true")
            #expect(try await [shop.amount(tea), shop.amount(cup)] == [4, 2])
            #expect(try await shop.request("DELETE", "/order/\(id)").text == "true")
            #expect(try await [shop.amount(tea), shop.amount(cup)] == [5, 5])
        }
    }

    @Test func `an update of an order may use the pieces that it gives back`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 3)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let id = try await shop.createOne("/orders", order([tea.product, tea.product, tea.product], by: ada))
            #expect(try await shop.amount(tea) == 0)
            let same = order([tea.product, tea.product], by: ada)
            #expect(try await shop.request("PUT", "/order/\(id)", same).text == "true")
            #expect(try await shop.amount(tea) == 1)
        }
    }

    @Test func `an order is unbilled until it is billed and again when the billing is deleted`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let orders = try await shop.create(
                "/orders", .array(Array(repeating: order([tea.product], by: ada), count: 3)))
            func unbilled() async throws -> Set<String> {
                Set(try await shop.get("/orders/unbilled").array?.compactMap { $0["id"]?.string } ?? [])
            }
            #expect(try await unbilled() == Set(orders))
            let paid = try await shop.createOne("/billings", billing(orders[0]))
            #expect(try await unbilled() == [orders[1], orders[2]])
            #expect(try await shop.request("PUT", "/billing/\(paid)", billing(orders[1])).text == "true")
            #expect(try await unbilled() == [orders[0], orders[2]])
            #expect(try await shop.request("DELETE", "/billing/\(paid)").text == "true")
            #expect(try await unbilled() == Set(orders))
            #expect(try await shop.request("DELETE", "/order/\(orders[2])").text == "true")
            #expect(try await unbilled() == [orders[0], orders[1]])
        }
    }

    @Test func `the report holds what the lists hold`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let id = try await shop.createOne("/orders", order([tea.product], by: ada))
            _ = try await shop.createOne("/billings", billing(id))
            let report = try await shop.get("/report")
            let names = ["products", "inventory", "customers", "orders", "billings"]
            #expect(report.object?.members.map(\.key) == names)
            for name in names {
                #expect(report[name]?.array?.count == 1)
                #expect(try await shop.get("/\(name)") == report[name])
            }
        }
    }

    @Test func `a customer with orders can be deleted and the orders stay`() async throws {
        try await withShop { shop in
            let tea = try await shop.stock("Tea", 9)
            let ada = try await shop.createOne("/customers", customer("Ada"))
            let id = try await shop.createOne("/orders", order([tea.product], by: ada))
            #expect(try await shop.request("DELETE", "/customer/\(ada)").text == "true")
            #expect(try await shop.get("/order/\(id)")["customer_id"]?.string == ada)
            #expect(try await shop.request("DELETE", "/order/\(id)").text == "true")
            try await shop.settle()
            #expect(try await shop.amount(tea) == 9)
        }
    }

    @Test func `what was acknowledged is in the next answer on another connection`() async throws {
        try await withTwoDaemons { shop, other in
            let writer = try await HTTPConnection.connect(port: shop.daemon.port)
            let readers = [
                try await HTTPConnection.connect(port: shop.daemon.port),
                try await HTTPConnection.connect(port: other.daemon.port),
            ]
            for number in 0..<60 {
                let body = customer("n\(number)").text
                let ids = try await writer.send("POST", "/customers", body: body).taken()
                let id = try #require(ids.array?.first?.string)
                let reader = readers[number % 2]
                #expect(try await reader.send("GET", "/customer/\(id)").taken()["id"]?.string == id)
                #expect(try await reader.send("GET", "/customers").taken().array?.count == number + 1)
            }
        }
    }

    @Test func `a list of thousands of entities comes whole and in order`() async throws {
        try await withShop { shop in
            var ids: [String] = []
            for batch in 0..<4 {
                ids += try await shop.create(
                    "/products", .array((0..<800).map { product("p\(batch)-\($0)") }))
            }
            #expect(try await shop.get("/products").array?.compactMap { $0["id"]?.string } == ids)
        }
    }
}
