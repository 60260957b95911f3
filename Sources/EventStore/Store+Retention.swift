import Redis

/// Trimming the streams behind snapshots, step by step. Each step is atomic and short, and each may be taken again:
/// whoever is cut off in between leaves a shop that is whole, and the next one begins anew or goes on.
extension Store {
    /// How long the lock holds when it is not renewed.
    public static let retentionLockTime = Duration.seconds(30)
    /// From here on the count of what a module holds back may be higher.
    public static let retentionCountLimit = 1_000
    /// How many events one step trims: Redis does nothing else meanwhile.
    static let trimStep = 10_000

    // MARK: Looking

    /// Up to here the events are gone, and state comes from the snapshots; nil where nothing was ever trimmed.
    public func retentionCut() async throws(StoreError) -> EventID? {
        try await send(RedisCommand("HGET", keys.retention, "cut")).string.flatMap { EventID($0) }
    }

    public func retention() async throws(StoreError) -> RetentionStanding? {
        let reply = try await send(RedisCommand("HGETALL", keys.retention))
        let texts = (reply.array ?? []).map { $0.string ?? "" }
        let fields = Dictionary(stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }) {
            $1
        }
        guard let cut = fields["cut"].flatMap({ EventID($0) }) else { return nil }
        return RetentionStanding(
            cut: cut, at: fields["at"].flatMap { Int64($0) } ?? 0, archive: fields["archive"] ?? "",
            events: fields["events"].flatMap { Int($0) } ?? 0,
            unfinished: (fields["trimming"] ?? "").split(separator: " ").compactMap { stream(named: $0) })
    }

    /// The last event of the shop up to an id, over all streams; nil where there is none.
    public func lastEvent(upTo id: EventID) async throws(StoreError) -> EventID? {
        let commands = catalogue.streams.map {
            RedisCommand("XREVRANGE", keys.stream($0), id.description, "-", "COUNT", "1")
        }
        return try await pipeline(commands).compactMap(firstID).max()
    }

    /// How many events there are up to a cut, over all streams.
    public func count(upTo cut: EventID) async throws(StoreError) -> Int {
        var count = 0
        for stream in catalogue.streams {
            var position = EventID.zero
            var isMore = true
            while isMore {
                let after = position
                let reply = try await retentionStep(nil, "count") { command in
                    for word in [keys.stream(stream), "\(after)", "\(cut)", "\(Self.retentionCountLimit)"] {
                        command.append(word)
                    }
                }
                let page = Int(reply.array?.first?.int ?? 0)
                count += page
                position = reply.array?.last?.string.flatMap { EventID($0) } ?? position
                isMore = page == Self.retentionCountLimit
            }
        }
        return count
    }

    /// The modules, disabled ones included, that have not handled everything up to a cut.
    public func holders(of cut: EventID) async throws(StoreError) -> [RetentionHolder] {
        let reply = try await retentionStep(nil, "holders") { command in
            append(handlersUpTo: cut, to: &command)
        }
        return try holders(reply)
    }

    /// What each stream takes up, in the order of the catalogue.
    public func streamSizes() async throws(StoreError) -> [(stream: StreamKey, size: StreamSize)] {
        let sizes = try await sizes(of: catalogue.streams.map { keys.stream($0) })
        return Array(zip(catalogue.streams, sizes))
    }

    /// What each topic's snapshot takes up: one entry for each entity. `oldest` is the first one's birth.
    public func snapshotSizes() async throws(StoreError) -> [(topic: Topic, size: StreamSize)] {
        let topics = catalogue.topics.map(\.topic)
        return Array(zip(topics, try await sizes(of: topics.map { keys.snapshot($0) })))
    }

    private func sizes(of names: [String]) async throws(StoreError) -> [StreamSize] {
        let commands = names.flatMap { name in
            [
                RedisCommand("XLEN", name), RedisCommand("XRANGE", name, "-", "+", "COUNT", "1"),
                RedisCommand("MEMORY", "USAGE", name),
            ]
        }
        let replies = try await pipeline(commands)
        return stride(from: 0, to: replies.count - 2, by: 3).map { index in
            StreamSize(
                events: Int(replies[index].int ?? 0), oldest: firstID(replies[index + 1]),
                bytes: Int(replies[index + 2].int ?? 0))
        }
    }

    // MARK: The lock

    /// - Returns: nil where somebody else has it.
    public func lockRetention() async throws(StoreError) -> RetentionLock? {
        let lock = RetentionLock(token: UUIDText.random())
        let reply = try await send(
            RedisCommand("SET", keys.retentionLock, lock.token, "NX", "PX", "\(lock.milliseconds)"))
        return reply.isNull ? nil : lock
    }

    public func renew(_ lock: RetentionLock) async throws(StoreError) {
        _ = try await retentionStep(lock, "renew") { _ in }
    }

    public func release(_ lock: RetentionLock) async throws(StoreError) {
        _ = try await retentionStep(lock, "release") { _ in }
    }

    // MARK: Steps

    /// Puts the new snapshots in the place of the old and notes the cut, provided that nobody holds it back and that
    /// everything up to it is archived.
    /// - Parameter lastArchived: the last archived event of each stream that has any up to the cut.
    public func switchSnapshots(
        _ lock: RetentionLock, standing: RetentionStanding, lastArchived: [StreamKey: EventID]
    ) async throws(StoreError) -> RetentionSwitch {
        let reply = try await retentionStep(lock, "switch") { command in
            append(handlersUpTo: standing.cut, to: &command)
            for word in [keys.retention, "\(standing.at)", standing.archive, "\(standing.events)"] {
                command.append(word)
            }
            command.append(catalogue.streams.count)
            for stream in catalogue.streams {
                command.append(keys.stream(stream))
                command.append(lastArchived[stream]?.description ?? "")
            }
            command.append(catalogue.topics.count)
            for topic in catalogue.topics.map(\.topic) {
                for key in keys.snapshotPairs(topic) { command.append(key) }
            }
        }
        switch (reply.array?.first?.string, reply.array?.last) {
        case ("switched", _): return .done
        case ("held", let holders?): return .held(try self.holders(holders))
        case ("changed", let name?):
            guard let stream = name.string.flatMap({ self.stream(named: $0) }) else { throw unexpected(reply) }
            return .changed(stream)
        default: throw unexpected(reply)
        }
    }

    /// Trims one step's worth of a stream's events up to the cut.
    /// - Returns: how many, and whether there are no more.
    public func trim(
        _ stream: StreamKey, upTo cut: EventID, _ lock: RetentionLock
    ) async throws(StoreError) -> (count: Int, isDone: Bool) {
        let first = EventID(seconds: cut.seconds, microseconds: cut.microseconds + 1)
        let reply = try await retentionStep(lock, "trim") { command in
            for word in [keys.retention, "\(cut)", keys.stream(stream), "\(first)", "\(Self.trimStep)"] {
                command.append(word)
            }
        }
        guard let pair = reply.array, pair.count == 2, let count = pair[0].int else { throw unexpected(reply) }
        return (Int(count), pair[1].int == 1)
    }

    /// Notes that no stream has events up to the cut any more.
    public func noteTrimmed(_ lock: RetentionLock) async throws(StoreError) {
        _ = try await retentionStep(lock, "trimmed") { $0.append(keys.retention) }
    }

    // MARK: Words of the script

    private func retentionStep(
        _ lock: RetentionLock?, _ step: String, _ arguments: @Sendable (inout RedisCommand) -> Void
    ) async throws(StoreError) -> RedisValue {
        try await run(scripts.retention) { command in
            command.append(keys.retentionLock)
            command.append(lock?.token ?? "")
            command.append(lock?.milliseconds ?? 0)
            command.append(step)
            arguments(&command)
        }
    }

    private func append(handlersUpTo cut: EventID, to command: inout RedisCommand) {
        command.append(cut.description)
        command.append(Self.retentionCountLimit)
        command.append(catalogue.handlers.count)
        for (module, streams) in catalogue.handlers.sorted(by: { $0.key < $1.key }) {
            for word in [module, keys.checkpoint(module), keys.parked(module)] { command.append(word) }
            command.append(streams.count)
            for stream in streams { command.append(keys.stream(stream)) }
        }
    }

    private func holders(_ reply: RedisValue) throws(StoreError) -> [RetentionHolder] {
        var holders: [RetentionHolder] = []
        for holder in reply.array ?? [] {
            guard let words = holder.array, words.count == 4, let module = words[0].string,
                let name = words[1].string, let id = words[2].string.flatMap({ EventID($0) })
            else { throw unexpected(reply) }
            let reason = stream(named: name).map {
                RetentionHolder.Reason.behind($0, checkpoint: id == .zero ? nil : id)
            }
            holders.append(
                RetentionHolder(module: module, reason: reason ?? .parked(id), count: Int(words[3].int ?? 0)))
        }
        return holders
    }

    private func stream(named name: some StringProtocol) -> StreamKey? {
        name.hasPrefix(keys.prefix) ? StreamKey(parsing: name.dropFirst(keys.prefix.count)) : nil
    }

    private func firstID(_ reply: RedisValue) -> EventID? {
        reply.array?.first?.array?.first?.string.flatMap { EventID($0) }
    }
}

extension RetentionLock {
    var milliseconds: Int { Int(Store.retentionLockTime / .milliseconds(1)) }
}
