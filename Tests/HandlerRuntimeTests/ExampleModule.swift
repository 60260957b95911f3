import EventStore
import HandlerRuntime
import JSON

/// Customers collect a point for every piece that they order.
///
/// This is a whole module. It becomes a part of the shop by one line in the list of modules that the daemon makes.
struct LoyaltyModule: HandlerModule {
    /// What operators call it: `ordershopctl module disable loyalty`.
    let name = "loyalty"
    let summary = "The points that customers collect"

    /// The entities that are this module's own. Their streams, their cache and their history come with them.
    let topics = [Points.definition]

    /// What can be asked of it: `ordershopctl call loyalty.get '{"id": "…"}'`, and `GET /loyalty/{id}`.
    var commands: [CommandDefinition] {
        [EntityCommands<Points>("loyalty", plural: "loyalties", fields: Points.fields).get]
    }

    /// What it does when something happens elsewhere. The first time that it runs, it begins with the first order
    /// that there ever was; disabled and enabled again, it goes on where it was.
    var subscriptions: [Subscription] { [Subscription("order", .created, reaction: collect)] }

    /// Reads, decides, and adds what comes of it to the unit of work. All that was added is written in one step with
    /// the note that this event is done: it happens exactly once, however often this method runs.
    private func collect(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        // What another module wrote is read with patience: an order that makes no sense earns nothing.
        guard let order = event.decoded(), let customer = order["customer_id"]?.string else { return }
        let earned = Points.earned(byPieces: order["product_ids"]?.array?.count ?? 0)
        if earned == 0 { return }
        // `find` notes the revision that the decision rests on: if it has changed meanwhile, nothing is written, and
        // the event comes again.
        if let points = try await unit.find(ID<Points>(customer)) {
            unit.update(points.adding(earned))
        } else {
            unit.create(Points(id: ID(customer), total: earned))
        }
    }
}

/// The points of a customer. Their id is the customer's.
struct Points: Entity {
    static let definition = TopicDefinition("points")
    static let fields = [Field("total", .integer(0...Int64.max), "how many points there are")]

    let id: ID<Points>
    let total: Int64

    init(id: ID<Points>, total: Int64) {
        self.id = id
        self.total = total
    }

    /// From the fields of a stored event.
    init(id: ID<Points>, fields: Fields) throws(Fields.Mismatch) {
        self.init(id: id, total: try fields.int64("total"))
    }

    /// Behind the id, in the order in which the fields stand in the event.
    func write(to writer: inout JSONWriter) { writer.member("total", total) }

    // The rules are pure functions, and can be tested without a shop.

    static func earned(byPieces pieces: Int) -> Int64 { Int64(pieces) }

    func adding(_ earned: Int64) -> Points { Points(id: id, total: total + earned) }
}
