import EventStore
import Glibc
import HandlerRuntime
import JSON
import ShopContracts

/// What was ordered, paid and given back over time, and how many orders wait now.
///
/// It reads the events of the time that is asked for and no others, the newest first, and at most `mostEvents` of them:
/// beyond that the answer says since when it has counted.
struct OrderSales: Sendable {
    static let mostEvents = 20_000
    static let mostSteps: UInt64 = 750
    private static let page = 1_000
    private static let day: UInt64 = 86_400

    let currency: Currency

    var definition: CommandDefinition {
        .query(
            "order.sales",
            "Orders, money and refunds over time, step by step, and how many orders wait to be paid and to be sent.",
            [
                Field("since", .moment, required: false, "when it begins; a day ago"),
                Field("until", .moment, required: false, "when it ends; now"),
                Field("step", .integer(1...31_622_400), required: false, "how long a step is, in seconds; an hour"),
            ], returns: Self.result, http: [HTTPBinding(.get, "/report/sales")]
        ) { parameters, store throws(Refusal) in
            let span = try Span(parameters, now: UInt64(max(0, time(nil))))
            var tally = Tally(span, currency)
            do throws(StoreError) {
                try await count(into: &tally, of: store)
                return .value(
                    tally.json(
                        unbilled: try await store.count(in: OrderQueries.unbilled),
                        unshipped: try await store.count(in: OrderQueries.unshipped)))
            } catch { throw Refusal(error) }
        }
    }

    private func count(into tally: inout Tally, of store: Store) async throws(StoreError) {
        let streams = [Order.definition, Billing.definition, Refund.definition].map(\.birthStream)
        var end: EventID? = EventID(seconds: tally.span.until, microseconds: 999_999)
        var left = Self.mostEvents
        while let until = end {
            let events = try await store.last(of: streams, before: until, count: min(Self.page, left))
            for event in events where event.id.seconds >= tally.span.since { tally.add(event) }
            left -= events.count
            guard let first = events.first, first.id.seconds >= tally.span.since else { return }
            if left <= 0 { return tally.countedSince = first.id }
            end = events.count < Self.page ? nil : first.id.predecessor
        }
    }

    /// Cut into steps.
    struct Span: Sendable {
        let since: UInt64
        let until: UInt64
        let step: UInt64

        init(_ parameters: JSONObject, now: UInt64) throws(Refusal) {
            until = parameters.moment("until")?.seconds ?? now
            since = parameters.moment("since")?.seconds ?? (until > day ? until - day : 0)
            step = parameters["step"]?.number?.int64.map { UInt64($0) } ?? 3_600
            guard since <= until else { throw Refusal([Violation("/since", "must not be behind until")]) }
            guard (until - since) / step < mostSteps else {
                throw Refusal([
                    Violation(
                        "/step", "must make at most \(mostSteps) steps between since and until: take a longer one")
                ])
            }
        }

        var starts: [UInt64] { Array(stride(from: since, through: until, by: Int(step))) }
    }

    private static let result = Schema.any(
        JSONObject([
            ("type", "object"),
            ("required", ["since", "until", "step", "currency", "points", "unbilled", "unshipped"]),
            (
                "properties",
                [
                    "since": ["type": "string"], "until": ["type": "string"], "step": ["type": "integer"],
                    "currency": ["type": "string"], "counted_since": ["type": "string"],
                    "unbilled": ["type": "integer"], "unshipped": ["type": "integer"],
                    "points": ["type": "array", "items": ["type": "object"]],
                ]
            ),
        ]))
}

/// The sums of each step.
private struct Tally {
    private struct Point {
        var orders: Int64 = 0
        var ordered: Money
        var billed: Money
        var refunded: Money
    }

    let span: OrderSales.Span
    private let currency: Currency
    private var points: [Point]
    /// Where it was given up to count; nil: all was counted.
    var countedSince: EventID?

    init(_ span: OrderSales.Span, _ currency: Currency) {
        self.span = span
        self.currency = currency
        let nothing = Money(minorUnits: 0, currency: currency)
        points = span.starts.map { _ in Point(ordered: nothing, billed: nothing, refunded: nothing) }
    }

    mutating func add(_ event: RecordedEvent) {
        let index = Int((event.id.seconds - span.since) / span.step)
        guard points.indices.contains(index), let entity = event.decoded() else { return }
        switch event.stream.topic {
        case Order.topic:
            points[index].orders += 1
            add(entity["total"], to: \.ordered, index)
        case Billing.topic: add(entity["amount"], to: \.billed, index)
        case Refund.topic: add(entity["amount"], to: \.refunded, index)
        default: break
        }
    }

    /// Orders of before there were totals have none.
    private mutating func add(_ amount: JSONValue?, to sum: WritableKeyPath<Point, Money>, _ index: Int) {
        guard let amount = amount?.number.flatMap({ Money($0, currency) }),
            let more = points[index][keyPath: sum].adding(amount)
        else { return }
        points[index][keyPath: sum] = more
    }

    func json(unbilled: Int, unshipped: Int) -> JSONValue {
        var object = JSONObject([
            ("since", Self.time(span.since)), ("until", Self.time(span.until)),
            ("step", .number(JSONNumber(Int64(span.step)))),
            ("currency", .string(currency.code)),
        ])
        if let countedSince { object["counted_since"] = .string(Moment(countedSince).text) }
        object["points"] = .array(zip(span.starts, points).map { start, point in Self.json(point, at: start) })
        object["unbilled"] = .number(JSONNumber(Int64(unbilled)))
        object["unshipped"] = .number(JSONNumber(Int64(unshipped)))
        return .object(object)
    }

    private static func json(_ point: Point, at start: UInt64) -> JSONValue {
        [
            "at": time(start), "orders": .number(JSONNumber(point.orders)),
            "ordered": .number(point.ordered.number), "billed": .number(point.billed.number),
            "refunded": .number(point.refunded.number),
        ]
    }

    private static func time(_ seconds: UInt64) -> JSONValue {
        .string(Moment(EventID(seconds: seconds, microseconds: 0)).text)
    }
}
