import EventStore
import NIOCore

/// The last events of the shop, without a gap: what clients that keep up are served from.
struct EventWindow: Sendable {
    /// The events behind this place and up to `end` are all here.
    private(set) var start: EventID
    private(set) var end: EventID
    private var events: [ToldEvent] = []
    private var size = 0
    private let capacity: Int

    /// - Parameter capacity: how many bytes of messages are kept, at least half of them when there were that many.
    init(from place: EventID, capacity: Int) {
        (start, end) = (place, place)
        self.capacity = capacity
    }

    mutating func append(_ more: [ToldEvent]) {
        events += more
        size += more.reduce(0) { $0 + $1.message.readableBytes }
        end = more.last?.id ?? end
        if size > capacity { shrink() }
    }

    /// By half, so that it need not be done for every event.
    private mutating func shrink() {
        var count = 0
        while size > capacity / 2, count < events.count {
            size -= events[count].message.readableBytes
            start = events[count].id
            count += 1
        }
        events.removeFirst(count)
    }

    /// What is to be told of the events behind a place.
    /// - Parameters:
    ///   - limit: in bytes; a single event may have more.
    ///   - erasures: how often somebody was erased by now.
    /// - Returns: nil where some of them are not here, or no more as they are to be told.
    func part(
        after place: EventID, of selection: EventSelection, atMost limit: Int, erasures: Int
    ) -> EventPart? {
        guard place >= start else { return nil }
        var part = EventPart(end: place)
        for event in events[firstIndex(after: place)...] {
            let isTaken = selection.takes(event)
            if isTaken, !event.holds(at: erasures) { return part.count > 0 ? part : nil }
            if isTaken, part.isFull(with: event, limit) { return part }
            part.end = event.id
            if isTaken { part.add(event) }
        }
        return part
    }

    private func firstIndex(after place: EventID) -> Int {
        var (low, high) = (0, events.count)
        while low < high {
            let middle = (low + high) / 2
            if events[middle].id > place { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// As many messages as are sent at once.
struct EventPart: Sendable {
    private(set) var bytes = ByteBuffer()
    /// How many messages they are.
    private(set) var count = 0
    /// All that was asked for up to here has been told.
    var end: EventID

    init(end: EventID) { self.end = end }

    func isFull(with event: ToldEvent, _ limit: Int) -> Bool {
        count > 0 && bytes.readableBytes + event.message.readableBytes > limit
    }

    mutating func add(_ event: ToldEvent) { add(event.message) }

    mutating func add(_ message: ByteBuffer) {
        bytes.writeImmutableBuffer(message)
        count += 1
    }
}
