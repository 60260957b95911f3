@testable import EventStore

extension Store {
    /// The first ids in an index.
    func ids(in index: String, value: String = "", count: Int) async throws(StoreError) -> [String] {
        try await page(of: index, value: value, count: count).ids
    }
}
