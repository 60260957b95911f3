import Logging
import NIOCore
import Redis
import Synchronization

/// Building the read models that a shop of an older version lacks, while everything else goes on.
extension Store {
    public var readModelStanding: ReadModelStanding { readModels.withLock(\.self) }

    /// - Throws: `building` where the read model is not whole: what it says would be too little.
    func requireWhole(_ name: String) throws(StoreError) {
        let refusal = readModels.withLock { $0.missing.contains(name) ? $0.refusal(of: name) : nil }
        if let refusal { throw refusal }
    }

    // MARK: What is whole

    /// What the shop has noted of its read models, for `noteReadModels`.
    var readModelQuestions: [RedisCommand] {
        [RedisCommand("HGETALL", keys.readModels), RedisCommand("EXISTS", keys.lookupKey)]
    }

    /// Compares what the shop has noted with what is kept here. What this store does not write to cannot be relied upon
    /// from now on, so its note is taken away.
    /// - Parameter isNew: whether all that there is was written by this store just now.
    func noteReadModels(_ replies: ArraySlice<RedisValue>, isNew: Bool) async throws(StoreError) {
        var noted = Self.pairs(replies.first ?? .null)
        let mine = catalogue.readModels
        if noted.isEmpty {
            // The first version that takes notes: what was kept before it is whole.
            noted = isNew ? mine : mine.filter { $0.value == "1" }
            try await note(noted)
        }
        var void = noted.filter { mine[$0.key] != $0.value }.map(\.key)
        if replies.last?.int == 0, try await isFirstLookupKey(), !isNew { void += catalogue.keyedReadModels }
        if !void.isEmpty { _ = try await send(RedisCommand("HDEL", arguments: [keys.readModels] + void)) }
        for name in void { noted[name] = nil }
        let missing = Set(mine.filter { noted[$0.key] != $0.value }.map(\.key))
        readModels.withLock { $0.missing = missing }
    }

    /// Gives the shop its key for hashes, unless it has one or reads none. Whatever stood in indexes before was made with
    /// another.
    private func isFirstLookupKey() async throws(StoreError) -> Bool {
        if catalogue.keyedReadModels.isEmpty { return false }
        knownLookupKey.withLock { $0 = nil }
        return try await send(lookupKeyOffer).string == "OK"
    }

    /// Looks again at what the shop has noted: a daemon of another version may have taken notes away.
    public func refreshReadModels() async throws(StoreError) {
        let replies = try await pipeline(readModelQuestions)
        try await noteReadModels(replies[...], isNew: false)
    }

    private func note(_ versions: [String: String]) async throws(StoreError) {
        if versions.isEmpty { return }
        let words = versions.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        _ = try await send(RedisCommand("HSET", arguments: [keys.readModels] + words))
    }

    private static func pairs(_ reply: RedisValue) -> [String: String] {
        let words = (reply.array ?? []).compactMap(\.string)
        return stride(from: 0, to: words.count - 1, by: 2).reduce(into: [:]) { $0[words[$1]] = words[$1 + 1] }
    }

    // MARK: Building

    /// Builds what is missing, and notes it. An end in the middle leaves what was written, which is right; the next time
    /// reads the events again and writes the rest.
    ///
    /// A daemon of another version appends events without writing to these read models, so they cannot be whole before
    /// the last of them has ended.
    /// - Parameter daemon: this daemon's name, which ends in what tells the versions apart (`Catalogue.mark`).
    /// - Returns: what was built; nothing where it has to wait.
    public func buildReadModels(by daemon: String) async throws(StoreError) -> Set<String> {
        let missing = readModelStanding.missing
        if missing.isEmpty { return [] }
        let obstacles = try await strangers(to: daemon)
        readModels.withLock { ($0.obstacles, $0.events) = (obstacles, 0) }
        guard obstacles.isEmpty else { return [] }
        var verification = try await IndexVerification(in: self, isMending: true, of: missing) { [self] progress in
            readModels.withLock { $0.events = progress.events }
        }
        let tally = try await verification.run()
        guard tally.unsettled == 0, try await strangers(to: daemon).isEmpty else { return [] }
        try await note(catalogue.readModels.filter { missing.contains($0.key) })
        readModels.withLock { $0.missing.subtract(missing) }
        return missing
    }

    /// The daemons that are about and may not write to the read models that this one writes to.
    private func strangers(to daemon: String) async throws(StoreError) -> [String] {
        let reply = try await ask(RedisCommand("ZRANGE", keys.daemons, "0", "-1"))
        return (reply.array ?? []).compactMap(\.string).filter {
            $0 != daemon && !$0.hasSuffix("+\(catalogue.mark)")
        }
    }
}

extension Catalogue {
    /// Tells versions apart by the read models that they write to: eight hexadecimal digits.
    public var mark: String {
        var hash: UInt32 = 2_166_136_261
        for (name, version) in readModels.sorted(by: { $0.key < $1.key }) {
            for byte in "\(name) \(version)\n".utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
