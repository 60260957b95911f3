import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `The gateway's limits` {
    private func body(of size: Int) -> String {
        let frame = #"{"name":"","email":"a@example.org"}"#
        return frame.replacing("\"\"", with: "\"\(String(repeating: "x", count: size - frame.utf8.count))\"")
    }

    @Test func `a body that is too large is a 413`() async throws {
        var options = DaemonProcess.Options()
        options.configuration = "http:\n    max_body: 2000\n"
        try await withShop(options) { shop in
            try await shop.expectNoChange {
                // As large as it may be: it is read and refused for what it says.
                let largest = try await shop.request("POST", "/customers", body: body(of: 2000))
                try expectProblem(largest, 422, pointers: ["/name"], "largest")
                try expectProblem(await shop.request("POST", "/customers", body: body(of: 2001)), 413, "length")
                let connection = try await HTTPConnection.connect(port: shop.daemon.port)
                let chunk = String(repeating: " ", count: 1500)
                try await connection.write(
                    "POST /customers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "5dc\r\n\(chunk)\r\n5dc\r\n\(chunk)\r\n0\r\n\r\n")
                try expectProblem(await connection.response(), 413, "chunks")
            }
            // It still serves.
            _ = try await shop.createOne("/customers", customer("Ada"))
        }
    }

    @Test func `the default limit is a mebibyte and a thousand objects`() async throws {
        try await withShop { shop in
            try await shop.expectNoChange {
                try expectProblem(await shop.request("POST", "/customers", body: body(of: 1_048_577)), 413, "bytes")
                let crowd = JSONValue.array((0...1000).map { customer("c\($0)") })
                try expectProblem(await shop.request("POST", "/customers", crowd), 413, "objects")
            }
            let crowd = JSONValue.array((0..<1000).map { customer("c\($0)") })
            #expect(try await shop.create("/customers", crowd).count == 1000)
        }
    }

    @Test func `headers of more than 16 KiB are not read to their end`() async throws {
        try await withShop { shop in
            let fits = try await shop.request(
                "GET", "/customers", headers: [("X-Long", String(repeating: "x", count: 12_000))])
            #expect(fits.status == 200)
            let connection = try await HTTPConnection.connect(port: shop.daemon.port)
            let response = try? await connection.send(
                "GET", "/customers", headers: [("X-Long", String(repeating: "x", count: 20_000))])
            #expect(response == nil || [400, 431].contains(response?.status))
            #expect(try await shop.get("/customers") == [])
        }
    }

    @Test func `an endless header line does not grow the daemon`() async throws {
        try await withShop { shop in
            let connection = try await HTTPConnection.connect(port: shop.daemon.port)
            try await connection.write("GET /customers HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
            await #expect(throws: (any Error).self) {
                // Sooner or later the daemon hangs up.
                for _ in 0..<1000 { try await connection.write(String(repeating: "x", count: 16_384)) }
                let response = try await connection.response()
                if response.status >= 400 { throw TestKitError("refused") }
            }
            #expect(try await shop.get("/customers") == [])
        }
    }
}
