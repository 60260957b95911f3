import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// All that is held on one customer, as one document.
///
/// Whatever kind of entity there is, it is found if it names the customer, or an order, billing … that does, in an
/// index: `TOPIC.ever.customer_id`, `TOPIC.customer_id`, the unique `TOPIC.order_id` and so on. So a module takes part
/// by keeping such an index.
struct CustomerExport {
    let store: Store
    let customer: CustomerID

    /// The topics with what was found of each: id → the entity as it is, or was when it was deleted.
    private var found: [Topic: [EntityState]] = [:]

    init(of customer: CustomerID, in store: Store) {
        self.customer = customer
        self.store = store
    }

    mutating func document() async throws(Refusal) -> JSONValue {
        do throws(StoreError) { try await gather() } catch { throw Refusal(error) }
        var document = JSONObject([("customer", json(found[Customer.topic]?.first))])
        document["history"] = .array(try await history())
        for topic in others where found[topic]?.isEmpty == false {
            let states = found[topic, default: []].sorted { $0.revision < $1.revision }
            document[topic.name] = .array(states.map { json($0) })
        }
        return .object(document)
    }

    /// Everything that happened to the customer, the newest first.
    private func history() async throws(Refusal) -> [JSONValue] {
        let past = EntityPast(Customer.definition, customer.text, in: store)
        var events: [JSONValue] = []
        var page = JSONObject([("limit", 1_000)])
        while true {
            let answer = try await past.history(page)
            events += answer["events"]?.array ?? []
            guard let next = answer["next"] else { return events }
            page["cursor"] = next
        }
    }

    private func json(_ state: EntityState?) -> JSONValue {
        guard let state, var object = state.decoded() else { return .null }
        if state.isDeleted { object["deleted"] = true }
        return .object(object)
    }

    // MARK: Finding

    private var others: [Topic] { store.topics.map(\.topic).filter { $0 != Customer.topic } }

    private mutating func gather() async throws(StoreError) {
        found[Customer.topic] = try await load(Customer.topic, [customer.text])
        var names = [(Customer.topic, [customer.text])]
        var seen = Set([Customer.topic])
        // What belongs to the customer, then what belongs to that, and so on.
        while let (owner, ids) = names.popLast() {
            for topic in others where !seen.contains(topic) {
                let states = try await entities(of: topic, whose: "\(owner)_id", isOneOf: ids)
                if states.isEmpty { continue }
                seen.insert(topic)
                found[topic] = states
                names.append((topic, states.map(\.id)))
            }
        }
        try await addMailsSaidOf()
    }

    private func entities(
        of topic: Topic, whose property: String, isOneOf values: [String]
    ) async throws(StoreError) -> [EntityState] {
        var ids: Set<String> = []
        for value in values {
            for index in [Projection.everIndex(topic, of: property), "\(topic).\(property)"] {
                ids.formUnion(try await all(in: index, value))
            }
        }
        let unique = UniqueIndex(topic, property)
        let single = try await store.load(values.map { .unique(unique, $0) })
        ids.formUnion(single.compactMap { $0?.id })
        return try await load(topic, ids.sorted())
    }

    private func all(in index: String, _ value: String) async throws(StoreError) -> [String] {
        var ids: [String] = []
        var place: UInt64? = 0
        while let start = place {
            let page = try await store.page(of: index, value: value, after: start, count: 1_000)
            ids += page.ids
            place = page.next
        }
        return ids
    }

    /// Mails of before did not name their customer; what was said to him names them.
    private mutating func addMailsSaidOf() async throws(StoreError) {
        let said = (found[Interaction.topic] ?? []).compactMap { $0.decoded()?["mail_id"]?.string }
        let known = Set((found[Mail.topic] ?? []).map(\.id))
        found[Mail.topic, default: []] += try await load(Mail.topic, Set(said).subtracting(known).sorted())
    }

    private func load(_ topic: Topic, _ ids: [String]) async throws(StoreError) -> [EntityState] {
        try await store.load(ids.map { .id(topic, $0) }).compactMap(\.self)
    }
}
