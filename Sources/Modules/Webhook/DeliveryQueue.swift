import EventStore

/// What is to be delivered to one webhook, and in which order: the events of one entity one after the other, those of
/// different entities side by side. Decides, and does nothing.
struct DeliveryQueue {
    private var deliveries: [EventID: Delivery] = [:]
    /// The deliveries of each entity, in their order.
    private var lanes: [EntityKey: [EventID]] = [:]
    /// What was read and is not settled, and what was settled behind it, in the order of the shop.
    private var window: [(event: EventID, stream: StreamKey)] = []
    private var unsettled: Set<EventID> = []
    private var inHand: Set<EventID> = []
    private var held: Set<EventID> = []
    /// How far streams have been settled since it was last asked.
    private(set) var positions: [StreamKey: EventID] = [:]

    /// So many events are read ahead.
    static let room = 128
    /// So many are kept back before no more are read.
    static let mostHeld = 1_000

    var hasRoom: Bool { window.count < Self.room && held.count < Self.mostHeld }
    var countInHand: Int { inHand.count }
    var countHeld: Int { held.count }

    mutating func forgetPositions() { positions = [:] }

    func contains(_ event: EventID) -> Bool { deliveries[event] != nil }

    // MARK: Coming

    /// Takes what was kept back in a former life.
    mutating func restore(_ delivery: Delivery) {
        held.insert(delivery.event)
        enqueue(delivery)
    }

    /// Takes an event that was read.
    /// - Parameter isDone: whether a former life has seen it to its end.
    /// - Returns: the delivery where it has to be kept back, behind another one of its entity.
    mutating func add(_ event: RecordedEvent, isDone: Bool) -> Delivery? {
        window.append((event.id, event.stream))
        // A former life may have kept it back.
        if isDone || deliveries[event.id] != nil {
            settle()
            return nil
        }
        var delivery = Delivery(event)
        let isBehind = lanes[delivery.entity]?.first.map { held.contains($0) } ?? false
        if isBehind {
            delivery.keepBack()
            held.insert(event.id)
        } else {
            unsettled.insert(event.id)
        }
        enqueue(delivery)
        settle()
        return isBehind ? delivery : nil
    }

    /// Takes one that somebody asks for, before the others of its entity that are not in hand.
    mutating func add(once delivery: Delivery) {
        deliveries[delivery.event] = delivery
        var lane = lanes[delivery.entity] ?? []
        let isBusy = lane.first.map { inHand.contains($0) } ?? false
        lane.insert(delivery.event, at: isBusy ? 1 : 0)
        lanes[delivery.entity] = lane
    }

    /// Has one tried at once that waits.
    mutating func hurry(_ event: EventID) { deliveries[event]?.due = 0 }

    /// Has all tried at once that wait.
    mutating func hurryAll() { for event in held { hurry(event) } }

    private mutating func enqueue(_ delivery: Delivery) {
        deliveries[delivery.event] = delivery
        lanes[delivery.entity, default: []].append(delivery.event)
    }

    // MARK: Going

    /// The next that may go, which is in hand from now on.
    /// - Parameters:
    ///   - now: in unix milliseconds.
    ///   - anyway: whether also one may go that is not due yet.
    mutating func next(at now: Int64, anyway: Bool = false) -> Delivery? {
        let heads = lanes.values.compactMap(\.first).filter { event in
            !inHand.contains(event) && (anyway || deliveries[event].map { $0.due <= now } ?? false)
        }
        guard let event = heads.min(), let delivery = deliveries[event] else { return nil }
        inHand.insert(event)
        return delivery
    }

    /// It was not tried after all.
    mutating func putBack(_ delivery: Delivery) { inHand.remove(delivery.event) }

    /// It has come to its end.
    mutating func end(_ delivery: Delivery) {
        inHand.remove(delivery.event)
        held.remove(delivery.event)
        deliveries[delivery.event] = nil
        lanes[delivery.entity]?.removeAll { $0 == delivery.event }
        if lanes[delivery.entity]?.isEmpty == true { lanes[delivery.entity] = nil }
        unsettled.remove(delivery.event)
        settle()
    }

    /// It is to be tried again, and all later ones of its entity wait behind it.
    /// - Returns: what is kept back from now on: itself, and those behind it.
    mutating func hold(_ delivery: Delivery) -> [Delivery] {
        inHand.remove(delivery.event)
        deliveries[delivery.event] = delivery
        let behind = (lanes[delivery.entity] ?? []).filter { $0 == delivery.event || !held.contains($0) }
        for event in behind {
            deliveries[event]?.keepBack()
            held.insert(event)
            unsettled.remove(event)
        }
        settle()
        return behind.compactMap { deliveries[$0] }
    }

    private mutating func settle() {
        let done = window.prefix { !unsettled.contains($0.event) }
        for (event, stream) in done { positions[stream] = event }
        window.removeFirst(done.count)
    }
}
