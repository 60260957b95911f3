import EventStore
import NIOCore

/// One client's way along the events: from the window where it keeps up, behind it from Redis, page by page as fast
/// as the client reads. Nothing is kept for a client but what is being sent to it.
struct EventCursor: Sendable {
    /// How many bytes are sent at once, unless a single event has more.
    private static let partSize = 64 * 1_024
    /// How many events of each stream are read at once.
    private static let page = 50

    let selection: EventSelection
    /// The last event that was told of, or passed over as it was not asked for.
    private(set) var place: EventID
    private let hub: EventHub

    init(_ selection: EventSelection, from place: EventID, _ hub: EventHub) {
        (self.selection, self.place, self.hub) = (selection, place, hub)
    }

    /// The next messages; nil where there is nothing to tell now.
    mutating func next() async throws(StoreError) -> EventPart? {
        while true {
            let (part, end) = hub.part(after: place, of: selection, atMost: Self.partSize)
            if let part {
                place = part.end
                return part.count > 0 ? part : nil
            }
            let (page, isLast) = try await page(seen: end)
            place = page.end
            if page.count > 0 { return page }
            // There is no window yet: it will ring when there is.
            if isLast, end == nil { return nil }
        }
    }

    /// The next messages, from Redis.
    /// - Parameter end: was reached before it is read: events up to there have happened.
    private func page(seen end: EventID?) async throws(StoreError) -> (part: EventPart, isLast: Bool) {
        let place = place
        let validity = ToldEvent.Validity.now(in: hub.store)
        let batch = try await hub.read(selection.streams, after: place, count: Self.page)
        var part = EventPart(end: place)
        // Asked for afterwards: what was trimmed before the reading is behind it.
        if let cut = try await hub.store.retentionCut(), cut > place {
            part.add(ServerSentEvent.gap(after: place, trimmedThrough: cut))
            part.end = cut
        }
        for event in batch.events.lazy.map({ ToldEvent($0, validity) }) {
            let isTaken = selection.takes(event)
            if isTaken, part.isFull(with: event, Self.partSize) { return (part, false) }
            part.end = max(part.end, event.id)
            if isTaken { part.add(event) }
        }
        if !batch.isFull, let end { part.end = max(part.end, end) }
        return (part, !batch.isFull)
    }
}
