import HandlerRuntime
import JSON
import ShopContracts
import Testing

@testable import BillingService

@Suite struct `The money of an order` {
    private static func euros(_ cents: Int64) -> Money { Money(minorUnits: cents, currency: .euro) }

    @Test func `is its total, given or not`() throws {
        let order = try Order.of([1])
        #expect(try BillingRules.amount(given: nil, total: Self.euros(790), of: order) == Self.euros(790))
        #expect(
            try BillingRules.amount(given: Self.euros(790), total: Self.euros(790), of: order) == Self.euros(790))
    }

    @Test(arguments: [0, 789, 791, Int64.max])
    func `is refused in any other amount, with both named`(cents: Int64) throws {
        let refusal = #expect(throws: Refusal.self) {
            try BillingRules.amount(given: Self.euros(cents), total: Self.euros(790), of: try .of([1]))
        }
        #expect(refusal?.code == .conflict)
        #expect(refusal?.details["total"] == .number(Self.euros(790).number))
        #expect(refusal?.details["amount"] == .number(Self.euros(cents).number))
        #expect(refusal?.message.contains("costs € 7.90, and \(Self.euros(cents).text) was paid") == true)
    }

    @Test func `is refused in another currency, though the number is the same`() throws {
        let dollars = Money(minorUnits: 790, currency: try #require(Currency(code: "USD")))
        let refusal = #expect(throws: Refusal.self) {
            try BillingRules.amount(given: dollars, total: Self.euros(790), of: try .of([1]))
        }
        #expect(refusal?.code == .conflict)
    }

    @Test func `is given back in parts, or what is left at once, and never more than was paid`() throws {
        let paid = Self.euros(1_000)
        let part = try BillingRules.refund(Self.euros(300), of: paid, refunded: Self.euros(0))
        #expect(part.amount == Self.euros(300) && part.refunded == Self.euros(300))
        let rest = try BillingRules.refund(nil, of: paid, refunded: part.refunded)
        #expect(rest.amount == Self.euros(700) && rest.refunded == paid)
        for amount in [nil, Self.euros(1)] {
            let refusal = #expect(throws: Refusal.self) {
                try BillingRules.refund(amount, of: paid, refunded: paid)
            }
            #expect(refusal?.code == .conflict && refusal?.message.hasPrefix("nothing is left") == true)
        }
        let more = #expect(throws: Refusal.self) {
            try BillingRules.refund(Self.euros(701), of: paid, refunded: part.refunded)
        }
        #expect(
            more?.message == "€ 7.01 cannot be refunded: of € 10.00 that were paid, € 7.00 are left")
        let nothing = #expect(throws: Refusal.self) {
            try BillingRules.refund(Self.euros(0), of: paid, refunded: Self.euros(0))
        }
        #expect(nothing?.code == .invalid && nothing?.violations.map(\.pointer) == ["/amount"])
    }

    /// Whatever is asked for in whatever order: the balance is what was paid less what was given back, and not less
    /// than nothing.
    @Test(arguments: 0..<50)
    func `balances after any refunds`(seed: UInt64) throws {
        var numbers = SeededNumbers(seed)
        let paid = Self.euros(Int64.random(in: 1...Money.maxTotalMinorUnits, using: &numbers))
        var (refunded, sum) = (Self.euros(0), Int64(0))
        for _ in 0..<30 {
            let most = numbers.next() % 2 == 0 ? Int64.max : max(1, (paid.minorUnits - sum) / 2)
            let amount = numbers.next() % 8 == 0 ? nil : Self.euros(.random(in: 1...most, using: &numbers))
            guard let refund = try? BillingRules.refund(amount, of: paid, refunded: refunded) else { continue }
            sum += refund.amount.minorUnits
            refunded = refund.refunded
            #expect(refunded.minorUnits == sum && sum <= paid.minorUnits)
        }
    }

    @Test func `stays as it was while a billing is changed`() throws {
        let old = try Billing.of(790, refunded: 90)
        let changed = try BillingRules.changed(old, to: try .of(nil), total: Self.euros(1))
        #expect(changed.amount == Self.euros(790) && changed.refunded == Self.euros(90))
        let refusal = #expect(throws: Refusal.self) {
            try BillingRules.changed(old, to: try .of(800), total: Self.euros(800))
        }
        #expect(refusal?.code == .conflict)
        #expect(refusal?.message.contains("is of € 7.90 and cannot become one of € 8.00") == true)
    }

    @Test func `that was given back cannot be taken back`() throws {
        try BillingRules.withdraw(try .of(790, refunded: 0))
        try BillingRules.withdraw(try .of(nil))
        let refusal = #expect(throws: Refusal.self) { try BillingRules.withdraw(try .of(790, refunded: 1)) }
        #expect(refusal?.code == .conflict && refusal?.message.hasPrefix("€ 0.01 of the billing") == true)
    }

    @Test func `stands in its events, exactly`() throws {
        let billing =
            #"{"id":"\#(uuid(1))","order_id":"\#(uuid(2))","done":1.25,"amount":7.9,"currency":"EUR","refunded":0.1}"#
        #expect(try Billing.stored(billing).text == billing)
        let refund =
            #"{"id":"\#(uuid(1))","billing_id":"\#(uuid(2))","order_id":"\#(uuid(3))","amount":0.1,"#
            + #""currency":"EUR","at":2.5,"reason":"broken"}"#
        #expect(try Refund.stored(refund).text == refund)
    }
}

/// Numbers that are the same each time, so that a failure comes again.
private struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 16 ^ state
    }
}

extension Billing {
    fileprivate static func of(_ cents: Int64?, refunded: Int64? = nil) throws -> Billing {
        var billing = try Billing.stored(#"{"id":"\#(uuid(1))","order_id":"\#(uuid(2))","done":1}"#)
        billing.amount = cents.map { Money(minorUnits: $0, currency: .euro) }
        billing.refunded = refunded.map { Money(minorUnits: $0, currency: .euro) }
        return billing
    }
}
