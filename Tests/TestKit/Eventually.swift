/// Waits until a condition holds. An error is taken for "not yet".
/// - Throws: what was waited for, where it does not come true.
public func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    var reason: (any Error)?
    while ContinuousClock.now < deadline {
        do { if try await condition() { return } } catch { reason = error }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw TestKitError("it did not come true within \(limit): \(what) \(reason.map { "(\($0))" } ?? "")")
}
