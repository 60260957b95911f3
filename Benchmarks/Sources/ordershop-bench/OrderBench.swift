import Foundation
import NIOHTTP1

/// Orders and reads over REST.
struct OrderBench: Sendable {
    let port: Int

    func prepare(products: Int, pieces: Int) async throws -> (products: [String], customer: String) {
        let customer = try await create("/customers", [#"{"name":"Ada","email":"ada@example.org"}"#])[0]
        let ids = try await create("/products", (0..<products).map { #"{"name":"Product \#($0)","price":1.5}"# })
        _ = try await create("/inventory", ids.map { #"{"product_id":"\#($0)","amount":\#(pieces)}"# })
        return (ids, customer)
    }

    func order(_ count: Int, clients: Int, products: [String], customer: String) async throws -> Rate {
        try await load(count, clients: clients) { _ in
            let pieces = [products.randomElement() ?? "", products.randomElement() ?? ""]
            return (
                .POST, "/order", #"{"customer_id":"\#(customer)","product_ids":["\#(pieces[0])","\#(pieces[1])"]}"#
            )
        }
    }

    func read(_ customer: String, requests: Int, clients: Int) async throws -> Rate {
        try await load(requests, clients: clients) { _ in (.GET, "/customer/\(customer)", "") }
    }

    private func load(
        _ count: Int, clients: Int, request: @escaping @Sendable (Int) -> (HTTPMethod, String, String)
    ) async throws -> Rate {
        var latencies: [Duration] = []
        let port = port
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<clients {
                group.addTask {
                    try await HTTPConnection.run(port: port, count: count / clients, request: request).latencies
                }
            }
            for try await some in group { latencies += some }
        }
        return Rate(count: latencies.count, in: .now - start, latencies: latencies)
    }

    private func create(_ path: String, _ objects: [String]) async throws -> [String] {
        let body = "[\(objects.joined(separator: ","))]"
        let answer = try await HTTPConnection.run(port: port, count: 1) { _ in (.POST, path, body) }.last
        return try JSONDecoder().decode([String].self, from: Data(answer.utf8))
    }
}
