import TestKit

/// Waits until a condition holds. An error is taken for "not yet".
func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    var reason: (any Error)?
    while ContinuousClock.now < deadline {
        do { if try await condition() { return } } catch { reason = error }
        try await Task.sleep(for: .milliseconds(20), clock: .suspending)
    }
    throw TestKitError("it did not come true within \(limit): \(what) \(reason.map { "(\($0))" } ?? "")")
}
