import EventStore
import HandlerRuntime
import JSON
import ShopContracts

/// What happened to a stock, read backwards along the inventory's own events.
struct Movements {
    private static let fields = [
        Field("id", .line(1...200), "the inventory's id"),
        Field("limit", .integer(1...1_000), required: false, "at most so many; 100"),
        Field("cursor", .historyCursor, required: false, "where to go on: next of the page before"),
    ]

    var definition: CommandDefinition {
        .query(
            "inventory.movements",
            "Why one inventory is as it is: what came, went and was reserved, the newest first.",
            Self.fields, returns: Self.schema, http: [HTTPBinding(.get, "/inventory/{id}/movements")]
        ) { parameters, store throws(Refusal) in
            let id = parameters["id"]?.string ?? ""
            let count = Int(parameters["limit"]?.number?.int64 ?? 100)
            let cursor = parameters["cursor"]?.string.flatMap { HistoryCursor($0) }
            let page: HistoryPage
            do throws(StoreError) {
                // One more, as each is told by what was before it.
                page = try await store.history(of: Inventory.definition, id, from: cursor, count: count + 1)
            } catch { throw Refusal(error) }
            guard page.events.allSatisfy({ $0.decoded()?["id"]?.string == id }) else {
                throw Refusal([Violation("/cursor", "must be what next said in an answer about this inventory")])
            }
            return .value(.object(answer(page, count)))
        }
    }

    private static let schema = Schema.any([
        ("type", "object"),
        (
            "properties",
            [
                "movements": ["type": "array", "items": ["type": "object"]],
                "next": ["type": "string"], "trimmed_up_to": ["type": "string"],
            ]
        ),
    ])

    private func answer(_ page: HistoryPage, _ count: Int) -> JSONObject {
        let shown = page.events.prefix(count)
        let older = page.events.dropFirst().map(Optional.some) + [nil]
        let rows = zip(shown, older).map { event, before in
            row(event, before: before, isFirst: before == nil && page.rest == .nothing)
        }
        var answer = JSONObject([("movements", .array(rows.map { .object($0) }))])
        if let next = page.events.dropFirst(count).first {
            answer["next"] = .string("\(HistoryCursor.event(next.id, next.stream.action))")
            return answer
        }
        switch page.rest {
        case .nothing: break
        case .more(let next): answer["next"] = .string("\(next)")
        case .trimmed(let end): answer["trimmed_up_to"] = .string("\(end)")
        }
        return answer
    }

    /// - Parameter isFirst: whether there was no stock before it. Where nobody knows what was before, the row has no
    ///   changes.
    private func row(_ event: RecordedEvent, before: RecordedEvent?, isFirst: Bool) -> JSONObject {
        let whole = event.json
        var row = JSONObject()
        for name in ["id", "time"] { row[name] = whole[name] }
        let said = event.metadata.first { $0.name == "movement" }?.value
        row["movement"] = (said ?? Self.implied(by: event.stream.action)).map { .string($0) }
        let (now, then) = (Self.pieces(after: event), isFirst ? (0, 0) : before.map(Self.pieces))
        if let then {
            row["on_hand_change"] = .number(JSONNumber(now.0 - then.0))
            row["reserved_change"] = .number(JSONNumber(now.1 - then.1))
        }
        row["on_hand"] = .number(JSONNumber(now.0))
        row["reserved"] = .number(JSONNumber(now.1))
        row["amount"] = .number(JSONNumber(now.0 - now.1))
        for name in ["order_id", "note"] {
            row[name] = event.metadata.first { $0.name == name }.map { .string($0.value) }
        }
        for name in ["by", "correlation"] { row[name] = whole[name] }
        return row
    }

    private static func implied(by action: Action) -> String? {
        switch action {
        case .created: Movement.opening.rawValue
        case .deleted: Movement.closing.rawValue
        default: nil
        }
    }

    /// On hand and reserved.
    private static func pieces(after event: RecordedEvent) -> (Int64, Int64) {
        guard event.stream.action != .deleted, let object = event.decoded(),
            let inventory = try? Inventory(stored: object)
        else { return (0, 0) }
        return (inventory.onHand, inventory.reserved)
    }
}
