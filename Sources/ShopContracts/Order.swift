public import EventStore
public import HandlerRuntime
public import JSON

public typealias OrderID = ID<Order>

/// What a customer ordered, and how far it has come.
///
/// Orders of before there was a status, and those that another program wrote, have nothing behind `customer_id`.
public struct Order: Entity {
    public static let definition = TopicDefinition(
        "order", actions: [.created, .updated, .deleted, .billed, .shipped, .delivered, .cancelled])
    public static let fields = [
        Field("product_ids", .productIDs, "the products' ids, each once for every piece"),
        Field("customer_id", .uuid, "who orders"),
    ]
    /// The shop's orders are numbered without a gap.
    public static let numbers = NumberSequence("order")
    public static let byNumber = UniqueIndex("order", "number")

    public enum Number: Sendable, Hashable {
        /// Issued in the step that appends the order.
        case wanted
        case issued(Int64)
    }

    public let id: OrderID
    public let productIDs: [ProductID]
    public let customerID: CustomerID
    public var number: Number?
    /// `standing(in:)` says what nil means.
    public var status: OrderStatus?
    /// What was ordered, as it was then; empty for orders of before.
    public var lines: [OrderLine] = []
    public var total: Money?
    /// When it became so, in unix seconds.
    public var times: [OrderStatus: JSONNumber] = [:]

    public init(id: OrderID, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        productIDs = try fields.ids("product_ids")
        customerID = try fields.id("customer_id")
        number = fields.object["number"]?.number?.int64.map {
            $0 == NumberSequence.placeholder ? .wanted : .issued($0)
        }
        status = try Self.status(fields)
        for status in OrderStatus.allCases { times[status] = fields.object[status.timeName]?.number }
        guard let code = fields.object["currency"]?.string, let currency = Currency(code: code) else { return }
        total = fields.object["total"]?.number.flatMap { Money($0, currency) }
        for line in fields.object["lines"]?.array ?? [] {
            guard let line = OrderLine(stored: line, in: currency) else { throw Fields.Mismatch("lines") }
            lines.append(line)
        }
    }

    private static func status(_ fields: Fields) throws(Fields.Mismatch) -> OrderStatus? {
        guard let text = fields.object["status"]?.string else { return nil }
        guard let status = OrderStatus(rawValue: text) else { throw Fields.Mismatch("status") }
        return status
    }

    public var wantedNumber: NumberSequence? { number == .wanted ? Self.numbers : nil }

    /// The number stands before all that anybody could write text into.
    public func write(to writer: inout JSONWriter) {
        writer.key("product_ids")
        writer.array { writer in for id in productIDs { writer.string(id.text) } }
        writer.member("customer_id", customerID.text)
        switch number {
        case .wanted: writer.member("number", NumberSequence.placeholder)
        case .issued(let number): writer.member("number", number)
        case nil: break
        }
        if let status { writer.member("status", status.rawValue) }
        if let total { write(total, to: &writer) }
        for status in OrderStatus.allCases {
            if let time = times[status] { writer.member(status.timeName, time) }
        }
    }

    private func write(_ total: Money, to writer: inout JSONWriter) {
        writer.key("lines")
        writer.array { writer in for line in lines { line.write(to: &writer) } }
        writer.member("total", total.number)
        writer.member("currency", total.currency.code)
    }
}

extension Order {
    /// What the shop writes into an order by itself.
    public static let ownFields =
        ["number", "status", "lines", "total", "currency"].map { Field($0, .anything, required: false) }
        + OrderStatus.allCases.map { Field($0.timeName, .anything, required: false) }

    /// What people call it: its number, or its id where it has none.
    public var name: String {
        if case .issued(let number) = number { "\(number)" } else { id.text }
    }

    /// Where it is in its life. An order of before there was a status is billed if there is a billing.
    public func standing(in unit: UnitOfWork) async throws(Refusal) -> OrderStatus {
        if let status { return status }
        let billing = try await unit.find(Billing.self, by: Billing.byOrder, id.text)
        return billing == nil ? .placed : .billed
    }

    /// The same order in another state. What it is taken back from has no time any more.
    public func becoming(_ status: OrderStatus, at time: JSONNumber) -> Order {
        var order = self
        order.status = status
        if status == .placed { order.times[.billed] = nil } else { order.times[status] = time }
        return order
    }
}
