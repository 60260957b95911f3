import HandlerRuntime
import JSON
import ShopContracts
import Testing

@testable import OrderService

@Suite struct `An order's life` {
    /// State by action, in the order of `actions`: the state behind it, `-` for none any more, blank where it is
    /// refused.
    private static let table: [(OrderStatus, [String])] = [
        (.placed, ["placed", "billed", "", "", "", "cancelled", "-"]),
        (.billed, ["", "", "placed", "shipped", "", "cancelled", "-"]),
        (.shipped, ["", "", "", "", "delivered", "", ""]),
        (.delivered, ["", "", "", "", "", "", ""]),
        (.cancelled, ["", "", "", "", "", "", "-"]),
    ]
    private static let actions: [OrderAction] = [.change, .bill, .unbill, .ship, .deliver, .cancel, .delete]

    @Test func `goes from state to state as the table says, and in no other way`() throws {
        #expect(Self.actions.count == OrderAction.allCases.count && Self.table.count == OrderStatus.allCases.count)
        for (status, row) in Self.table {
            for (action, expected) in zip(Self.actions, row) {
                let order = try Order.of([1])
                let found = Result { try OrderLife.status(of: order, after: action, from: status) }
                switch found {
                case .success(let next): #expect(expected == next?.rawValue ?? "-", "\(status) \(action)")
                case .failure(let refusal as Refusal):
                    #expect(expected == "" && refusal.code == .conflict, "\(status) \(action)")
                case .failure(let error): Issue.record("\(error)")
                }
            }
        }
    }

    @Test func `says in a refusal where the order is, where it should go, and from where it could`() throws {
        var order = try Order.of([1])
        order.number = .issued(17)
        let refusal = #expect(throws: Refusal.self) {
            try OrderLife.status(of: order, after: .cancel, from: .shipped)
        }
        #expect(
            refusal?.message
                == "the order 17 is shipped and cannot become cancelled: only a placed or billed order can")
        #expect(refusal?.details["state"] == "shipped")
        #expect(refusal?.details["allowed"] == ["placed", "billed"])
        #expect(refusal?.details["entity"] == .string("order:\(uuid(100))"))
        let other = #expect(throws: Refusal.self) {
            try OrderLife.status(of: try Order.of([1]), after: .delete, from: .delivered)
        }
        #expect(
            other?.message == "the order \(uuid(100)) is delivered and cannot be deleted: only a placed, billed or "
                + "cancelled order can")
    }

    @Test func `keeps the time of each state, and forgets that of a billing that was taken back`() throws {
        let times = (1...5).map { JSONNumber(Int64($0)) }
        var order = try Order.of([1])
        order.times[.placed] = times[0]
        order = order.becoming(.billed, at: times[1])
        #expect(order.times == [.placed: times[0], .billed: times[1]])
        #expect(order.becoming(.placed, at: times[2]).times == [.placed: times[0]])
        order = order.becoming(.shipped, at: times[3]).becoming(.delivered, at: times[4])
        #expect(order.times == [.placed: times[0], .billed: times[1], .shipped: times[3], .delivered: times[4]])
        #expect(order.status == .delivered)
    }
}

@Suite struct `A placed order` {
    private let tea = try? Product.of(1, "Tea", "7.90")
    private let cup = try? Product.of(2, "Cup", "6")

    private func placed(_ ids: [Int], _ products: Product?..., currency: Currency = .euro) throws -> Order {
        let known = Dictionary(uniqueKeysWithValues: products.compactMap(\.self).map { ($0.id, $0) })
        return try OrderRules.placed(try .of(ids), known, currency, at: .written("1548699679.5"))
    }

    @Test func `has a line a product, in the order in which they were named, and their sum`() throws {
        let order = try placed([2, 1, 2, 2], tea, cup)
        #expect(order.lines.map(\.name) == ["Cup", "Tea"])
        #expect(order.lines.map(\.pieces) == [3, 1])
        #expect(order.lines.map(\.total.text) == ["€ 18.00", "€ 7.90"])
        #expect(order.total?.text == "€ 25.90")
        #expect(order.status == .placed && order.number == .wanted && order.wantedNumber == Order.numbers)
    }

    @Test func `stands in its event as the contract has it, and what was added behind`() throws {
        var order = try placed([1, 1], tea)
        order.number = .issued(3)
        let text =
            #"{"id":"\#(uuid(100))","product_ids":["\#(uuid(1))","\#(uuid(1))"],"customer_id":"\#(uuid(7))","#
            + #""number":3,"status":"placed","lines":[{"product_id":"\#(uuid(1))","name":"Tea","price":7.9,"#
            + #""pieces":2,"total":15.8}],"total":15.8,"currency":"EUR","placed_at":1548699679.5}"#
        #expect(order.text == text)
        #expect(try Order.stored(text) == order)
    }

    @Test func `has its placeholder before anything that a user can write`() throws {
        let text = try placed([1], try .of(1, #"-9000000000000001"#, "1")).text
        let first = try #require(text.firstRange(of: "-9000000000000001"))
        #expect(text[..<first.lowerBound].hasSuffix(#""number":"#))
        #expect(try Order.stored(text).number == .wanted)
    }

    @Test func `is exact to the last digit, in every currency`() throws {
        #expect(try placed([1, 1, 1], try .of(1, "Tea", "0.1")).text.contains(#""total":0.3,"currency":"EUR""#))
        let yen = try #require(Currency(code: "JPY"))
        #expect(try placed([1, 1], try .of(1, "Tea", "150"), currency: yen).total?.text == "¥ 300")
        let dinar = try #require(Currency(code: "KWD"))
        #expect(try placed([1, 1], try .of(1, "Tea", "0.005"), currency: dinar).text.contains(#""total":0.01,"#))
    }

    @Test(arguments: ["0.005", "-1", "1e-7", "92233720368547758070"])
    func `is refused at a price that is no amount of the currency`(price: String) throws {
        let refusal = #expect(throws: Refusal.self) { try placed([1], try .of(1, "Tea", price)) }
        #expect(refusal?.code == .conflict)
        #expect(refusal?.message.contains("costs \(price), which is no amount of EUR") == true)
    }

    @Test(arguments: ["92233720368547758.07", "90071992547409.92"])
    func `is refused where its total does not fit, instead of being wrong`(price: String) throws {
        let refusal = #expect(throws: Refusal.self) { try placed([1, 1], try .of(1, "Tea", price)) }
        #expect(refusal?.code == .conflict)
        #expect(refusal?.message.hasPrefix("the order costs more than € 90071992547409.91") == true)
    }

    @Test func `keeps its number and time when it is changed, at the prices of then`() throws {
        var old = try placed([1], tea)
        old.number = .issued(9)
        let known = try [ProductID(uuid(1)): Product.of(1, "Tea", "8")]
        let changed = try OrderRules.changed(old, to: try .of([1, 1]), known, .euro)
        #expect(changed.number == .issued(9) && changed.wantedNumber == nil)
        #expect(changed.total?.text == "€ 16.00")
        #expect(changed.times == old.times && changed.status == .placed)
    }

    @Test func `of before there was a status is read and written as it was`() throws {
        let order = try Order.of([1])
        #expect(order.status == nil && order.number == nil && order.total == nil && order.wantedNumber == nil)
        #expect(try Order.stored(order.text) == order)
    }

    @Test(arguments: [#""status":"lost""#, #""currency":"EUR","total":1,"lines":[{"name":"Tea"}]"#])
    func `that makes no sense is not read as another`(members: String) throws {
        let text = #"{"id":"1","product_ids":[],"customer_id":"2",\#(members)}"#
        #expect(throws: Fields.Mismatch.self) { try Order.stored(text) }
    }
}

extension Product {
    fileprivate static func of(_ id: Int, _ name: String, _ price: String) throws -> Product {
        try Product(
            id: ID(uuid(id)),
            fields: Fields(JSONObject([("name", .string(name)), ("price", .number(try .written(price)))])))
    }
}
