import NIOCore
import Redis

/// All events up to a cut, byte for byte, in the one order of the shop, a page at a time.
public struct StoredEvents {
    private let store: Store
    private let cut: EventID
    private var pages: MergedPages<StreamKey, StoredEvent>
    private static let page = 500

    init(of store: Store, upTo cut: EventID) {
        self.store = store
        self.cut = cut
        pages = MergedPages(store.catalogue.streams, count: Self.page) { $0.id }
    }

    /// The next events; none behind the last.
    public mutating func next() async throws(StoreError) -> [StoredEvent] {
        let wanted = pages.wanted
        let replies = try await store.pipeline(
            wanted.map {
                RedisCommand(
                    "XRANGE", store.keys.stream($0.source), "(\($0.after)", "\(cut)", "COUNT", "\(Self.page)")
            })
        for ((stream, _), reply) in zip(wanted, replies) {
            pages.add(try store.storedEvents(reply, of: stream), of: stream)
        }
        return pages.take()
    }
}

extension Store {
    public func storedEvents(upTo cut: EventID) -> StoredEvents { StoredEvents(of: self, upTo: cut) }

    func storedEvents(_ reply: RedisValue, of stream: StreamKey) throws(StoreError) -> [StoredEvent] {
        var events: [StoredEvent] = []
        for entry in reply.array ?? [] {
            guard let pair = entry.array, pair.count == 2, let id = pair[0].string.flatMap({ EventID($0) }),
                let words = pair[1].array?.compactMap(\.buffer)
            else { throw unexpected(reply) }
            let fields = stride(from: 0, to: words.count - 1, by: 2).map {
                StoredEvent.Field(name: words[$0], value: words[$0 + 1])
            }
            events.append(StoredEvent(id: id, stream: stream, fields: fields))
        }
        return events
    }

    // MARK: Putting back

    /// The last event id that was issued; nil before the store was first opened.
    public func clock() async throws(StoreError) -> EventID? {
        try await send(RedisCommand("GET", keys.clock)).string.flatMap { EventID($0) }
    }

    /// Whether an event stands in its stream under its id, with its `event_id`.
    public func has(_ event: StoredEvent) async throws(StoreError) -> Bool {
        let reply = try await send(
            RedisCommand("XRANGE", keys.stream(event.stream), "\(event.id)", "\(event.id)"))
        return try storedEvents(reply, of: event.stream).first?.recorded.eventID == event.recorded.eventID
    }

    /// Ends what was begun: a restoring that was cut off may have left events that no revision knows of.
    public func resumeRestoring() async throws(StoreError) {
        guard try await isRestoring() else { return }
        try await adoptAll()
        try await finishRestoring()
    }

    /// Whether events were put back of which the shop has not taken note yet.
    public func isRestoring() async throws(StoreError) -> Bool {
        try await send(RedisCommand("EXISTS", keys.adopting)).int == 1
    }

    public func finishRestoring() async throws(StoreError) {
        _ = try await send(RedisCommand("DEL", keys.adopting))
    }

    /// Puts archived events back behind all that is there, with the ids that they had, and everything that follows
    /// from them. All modules' checkpoints go along: nothing is done a second time.
    /// - Parameter clock: the last event before them, which must be the shop's last.
    /// - Returns: nil, or where the shop stands instead; then nothing was written.
    public func restore(_ events: [StoredEvent], after clock: EventID) async throws(StoreError) -> EventID? {
        guard let last = events.last else { return nil }
        let ends = Dictionary(events.map { ($0.stream, $0.id) }) { $1 }
        let starts = Dictionary(events.map { ($0.stream, $0.id) }) { first, _ in first }
        let moves = catalogue.handlers.flatMap { module, streams in
            streams.compactMap { stream in ends[stream].map { (keys.checkpoint(module), keys.stream(stream), $0) } }
        }
        let reply = try await run(scripts.restore) { command in
            for word in [keys.adopting, "\(clock)", "\(last.id)"] { command.append(word) }
            command.append(starts.count)
            for (stream, id) in starts { for word in [keys.stream(stream), "\(id)"] { command.append(word) } }
            command.append(moves.count)
            for (key, stream, id) in moves { for word in [key, stream, "\(id)"] { command.append(word) } }
            command.append(events.count)
            for event in events { append(event, to: &command) }
        }
        if reply.array?.first?.int == 0 { return reply.array?.last?.string.flatMap { EventID($0) } ?? .zero }
        note(last.id)
        try await adopt(events.map(\.recorded))
        return nil
    }

    private func append(_ event: StoredEvent, to command: inout RedisCommand) {
        command.append(keys.stream(event.stream))
        command.append(event.id.description)
        command.append(2 * event.fields.count)
        for field in event.fields {
            command.append(field.name)
            command.append(field.value)
        }
    }
}
