import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Paths, methods and names of requests` {
    @Test func `there is nothing at a path that the contract does not name`() async throws {
        try await withShop { shop in
            let paths = ["/index.html", "/nothing", "/customers/\(nobody)", "/orders/billed", "/customer/a/b"]
            for path in paths {
                for method in ["GET", "DELETE"] {
                    try expectProblem(await shop.request(method, path), 404, "\(method) \(path)")
                }
                try expectProblem(await shop.request("POST", path, customer("Ada")), 404, "POST \(path)")
            }
        }
    }

    @Test func `a method that a path does not take is a 405 that lists those it takes`() async throws {
        try await withShop { shop in
            let cases = [
                ("DELETE", "/customers", "GET, HEAD, POST"), ("PATCH", "/inventory", "GET, HEAD, POST"),
                ("GET", "/customer", "POST"), ("PUT", "/customer", "POST"),
                ("POST", "/customer/\(nobody)", "DELETE, GET, HEAD, PUT"),
                ("POST", "/orders/unbilled", "GET, HEAD"), ("DELETE", "/report", "GET, HEAD"),
            ]
            for (method, path, allowed) in cases {
                let response = try await shop.request(method, path)
                try expectProblem(response, 405, "\(method) \(path)")
                #expect(response.header("allow") == allowed)
            }
        }
    }

    @Test func `HEAD answers as GET does, without the body`() async throws {
        try await withShop { shop in
            for path in ["/customers", "/customer/\(nobody)", "/report"] {
                let response = try await shop.request("HEAD", path)
                #expect(response.status == 200)
                #expect(response.header("content-type") == "application/json")
                #expect(response.body.isEmpty)
            }
        }
    }

    @Test func `a request keeps the name that it came with, or gets one`() async throws {
        try await withShop { shop in
            func name(_ given: [(String, String)], _ path: String) async throws -> String {
                let response = try await shop.request("GET", path, headers: given)
                return try #require(response.header("x-request-id"))
            }
            for path in ["/customers", "/nothing"] {
                #expect(try await name([("X-Request-ID", "order-7/a")], path) == "order-7/a")
                let own = [try await name([], path), try await name([], path)]
                #expect(own[0] != own[1])
                #expect(own.allSatisfy { $0.wholeMatch(of: /[0-9A-Za-z]{12}/) != nil })
                for bad in ["two words", "quo\"te", "", String(repeating: "x", count: 101)] {
                    #expect(try await name([("X-Request-ID", bad)], path) != bad)
                }
            }
        }
    }

    @Test func `many requests go over one connection`() async throws {
        try await withShop { shop in
            let connection = try await HTTPConnection.connect(port: shop.daemon.port)
            for _ in 0..<5 {
                #expect(try await connection.send("GET", "/report").status == 200)
                #expect(try await connection.send("GET", "/nothing").status == 404)
                #expect(try await connection.send("POST", "/customers", body: "{").status == 400)
                #expect(try await connection.send("HEAD", "/customers").status == 200)
            }
        }
    }
}
