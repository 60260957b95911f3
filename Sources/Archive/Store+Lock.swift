import EventStore

extension Store {
    /// Runs `body` while nobody else trims or restores this shop's streams. The lock is renewed all the time, as a step
    /// may be long that only has to do with files; one that was lost shows at the next step in Redis.
    func lockingPast<T: Sendable>(
        _ body: (RetentionLock) async throws(ArchiveError) -> T
    ) async throws(ArchiveError) -> T {
        guard let lock = try await asking({ () async throws(StoreError) in try await lockRetention() }) else {
            throw ArchiveError(.busy, "the streams of this shop are being trimmed or restored already: wait for it")
        }
        let result = await withTaskGroup { group in
            group.addTask { await self.keep(lock) }
            let result: Result<T, ArchiveError>
            do throws(ArchiveError) { result = .success(try await body(lock)) } catch { result = .failure(error) }
            group.cancelAll()
            return result
        }
        try? await release(lock)
        return try result.get()
    }

    private func keep(_ lock: RetentionLock) async {
        while (try? await Task.sleep(for: Self.retentionLockTime / 4)) != nil { try? await renew(lock) }
    }
}
