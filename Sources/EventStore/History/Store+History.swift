import JSON
import Redis

/// What happened to one entity, read backwards along its events: as many reads as it has events, however many there
/// are in the shop.
extension Store {
    /// How many events one script reads: Redis does nothing else meanwhile.
    private static let historySteps = 500

    /// The events of an entity, the newest first.
    /// - Parameters:
    ///   - cursor: where to go on, from the page before; nil: with its last event.
    ///   - moment: only events up to this one.
    public func history(
        of topic: TopicDefinition, _ id: String, from cursor: HistoryCursor? = nil, upTo moment: EventID? = nil,
        count: Int
    ) async throws(StoreError) -> HistoryPage {
        var page = HistoryPage(events: [], rest: .nothing)
        var cursor = cursor
        repeat {
            let missing = count - page.events.count
            let next = try await step(topic, id, from: cursor, upTo: moment, count: missing)
            page.events += next.events
            page.rest = next.rest
            if case .more(let more) = next.rest { cursor = more } else { break }
        } while page.events.count < count
        return HistoryPage(events: try await reveal(page.events), rest: page.rest)
    }

    /// The entity as it was when this event had happened, or any other one up to it.
    public func state(
        of topic: TopicDefinition, _ id: String, at moment: EventID
    ) async throws(StoreError) -> PastState {
        guard let last = try await load([.id(topic.topic, id)])[0] else { return .absent }
        // Also where the event itself was trimmed: the snapshot has it.
        if last.revision <= moment { return last.exists ? .existed(last) : .absent }
        let page = try await history(of: topic, id, upTo: moment, count: 1)
        if let event = page.events.first {
            let isDeleted = event.stream.action == .deleted
            return isDeleted
                ? .absent
                : .existed(
                    EntityState(
                        id: id, revision: event.id, isDeleted: false, entity: event.entity, isNewer: event.isNewer))
        }
        if case .trimmed(let end) = page.rest { return .trimmed(upTo: end) }
        return .absent
    }

    private func step(
        _ topic: TopicDefinition, _ id: String, from cursor: HistoryCursor?, upTo moment: EventID?, count: Int
    ) async throws(StoreError) -> HistoryPage {
        if case .scan(let end) = cursor {
            return try await scan(topic, id, upTo: min(end, moment ?? end), count: count)
        }
        let reply = try await ask(scripts.history) { command in
            command.append(keys.revisions(topic.topic))
            command.append(keys.stream(StreamKey(topic.topic, "")))
            command.append(id)
            command.append(cursor?.link ?? "")
            command.append(moment?.description ?? "")
            command.append(topic.birth.name)
            command.append(String(count))
            command.append(String(Self.historySteps))
        }
        guard let parts = reply.array, parts.count == 3, let entries = parts[2].array else {
            throw unexpected(reply)
        }
        let events = entries.compactMap { event($0, of: topic.topic) }
        guard let rest = HistoryPage.Rest(parts[0].string, parts[1].string) else { throw unexpected(reply) }
        return HistoryPage(events: events, rest: rest)
    }

    private func event(_ entry: RedisValue, of topic: Topic) -> RecordedEvent? {
        guard let parts = entry.array, parts.count == 3, let action = parts[1].string else { return nil }
        return event(.array([parts[0], parts[2]]), of: StreamKey(topic, Action(action)))
    }

    // MARK: Events that do not say what was before them

    /// Looks through a page of the topic's events.
    private func scan(
        _ topic: TopicDefinition, _ id: String, upTo end: EventID, count: Int
    ) async throws(StoreError) -> HistoryPage {
        let page = try await last(of: topic.streams, before: end, count: Self.historySteps)
        var found: [RecordedEvent] = []
        for event in page.reversed() where event.decoded()?["id"]?.string == id {
            found.append(event)
            // What it names is found without looking.
            if let link = event.previous { return HistoryPage(events: found, rest: .more(link)) }
            if event.stream == topic.birthStream { return HistoryPage(events: found, rest: .nothing) }
            if found.count == count { return HistoryPage(events: found, rest: .more(before(event.id))) }
        }
        if page.count == Self.historySteps, let first = page.first {
            return HistoryPage(events: found, rest: .more(before(first.id)))
        }
        let cut = try await retention()?.cut
        return HistoryPage(events: found, rest: cut.map { .trimmed(upTo: $0) } ?? .nothing)
    }

    private func before(_ id: EventID) -> HistoryCursor { .scan(upTo: id.predecessor) }
}

extension RecordedEvent {
    /// The entity's event before this one, where it says so.
    public var previous: HistoryCursor? {
        metadata.first { $0.name == "previous" }.flatMap { HistoryCursor(link: $0.value, of: stream.action) }
    }
}

extension HistoryCursor {
    /// Reads `ID ACTION`.
    /// - Parameter action: what is meant where there is none.
    init?(link: String, of action: Action? = nil) {
        let words = link.split(separator: " ")
        guard let id = words.first.flatMap({ EventID($0) }),
            let action = words.count == 2 ? Action(String(words[1])) : action
        else { return nil }
        self = .event(id, action)
    }

    fileprivate var link: String {
        switch self {
        case .event(let id, let action): "\(id) \(action)"
        case .scan: ""
        }
    }

    fileprivate var id: EventID {
        switch self {
        case .event(let id, _), .scan(let id): id
        }
    }
}

extension HistoryPage.Rest {
    /// As `history.lua` has it.
    fileprivate init?(_ word: String?, _ link: String?) {
        if word == "nothing" {
            self = .nothing
            return
        }
        guard let cursor = link.flatMap({ HistoryCursor(link: $0) }) else { return nil }
        switch word {
        case "more": self = .more(cursor)
        case "trimmed": self = .trimmed(upTo: cursor.id)
        case "untold": self = .more(.scan(upTo: cursor.id.predecessor))
        default: return nil
        }
    }
}
