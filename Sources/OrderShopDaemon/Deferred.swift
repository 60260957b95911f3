import ServiceLifecycle

/// A service that begins only when something else is there.
struct Deferred: Service {
    let service: any Service
    /// Returns when it is there; throws when it will never be.
    let condition: @Sendable () async throws -> Void

    func run() async throws {
        try await condition()
        try await service.run()
    }
}
