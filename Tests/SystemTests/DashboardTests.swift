import JSON
import TestKit
import Testing

/// `Tests/Browser/run` drives the dashboard in a browser; here is how its files are served.
@Suite(.timeLimit(.minutes(12))) struct `The dashboard's files` {
    @Test func `are served as what they are, and once only while they do not change`() async throws {
        try await withShop { shop in
            let types = [
                ("/", "text/html; charset=utf-8"), ("/assets/style.css", "text/css; charset=utf-8"),
                ("/assets/app.js", "text/javascript; charset=utf-8"), ("/assets/icon.svg", "image/svg+xml"),
            ]
            for (path, type) in types {
                let first = try await shop.request("GET", path)
                #expect(first.status == 200 && first.header("Content-Type") == type, "\(path)")
                let tag = try #require(first.header("ETag"))
                let again = try await shop.request("GET", path, headers: [("If-None-Match", tag)])
                #expect(again.header("Content-Security-Policy") == nil, "it would replace the page's own")
                #expect(again.status == 304 && again.body.isEmpty && again.header("ETag") == tag)
                let other = try await shop.request("GET", path, headers: [("If-None-Match", "\"other\"")])
                #expect(other.status == 200 && other.body == first.body)
            }
        }
    }

    @Test func `are there while the gateway is switched off, and the shop's commands are not`() async throws {
        try await withShop { shop in
            try await shop.setEnabled(false, "gateway")
            let page = try await shop.request("GET", "/")
            #expect(page.status == 200)
            let customers = try await shop.request("GET", "/customers")
            #expect(customers.status == 503)
        }
    }

    @Test func `every script and style that the page names, and every module that a script imports, is served`()
        async throws
    {
        try await withShop { shop in
            var asked: Set<String> = []
            var waiting = ["/", "/docs"]
            while let path = waiting.popLast() {
                guard asked.insert(path).inserted else { continue }
                let response = try await shop.request("GET", path)
                #expect(response.status == 200, "\(path)")
                waiting += response.text.matches(of: /(?:from |import )"\.\/([a-z-]+\.js)"/).map {
                    "/assets/\($0.1)"
                }
                waiting += response.text.matches(of: /"(\/assets\/[a-z.-]+)"/).map { String($0.1) }
            }
            #expect(asked.count > 30)
        }
    }
}
