import JSON
import ShopContracts
import Testing

@testable import BillingService

@Suite struct `A currency` {
    @Test(arguments: [
        ("EUR", 2, "€"), ("USD", 2, "$"), ("JPY", 0, "¥"), ("KWD", 3, "KWD"), ("UYW", 4, "UYW"), ("CHF", 2, "CHF"),
    ])
    func `has its digits and its sign`(code: String, digits: Int, sign: String) throws {
        let currency = try #require(Currency(code: code))
        #expect(currency.fractionDigits == digits)
        #expect(currency.sign == sign)
        #expect(currency.code == code)
    }

    @Test(arguments: ["", "EU", "EURO", "eur", "E R", "ÉUR", "EU€", "E1R"])
    func `has three capital letters`(code: String) {
        #expect(Currency(code: code) == nil)
    }
}

@Suite struct `An amount of money` {
    private func money(_ text: String, _ code: String = "EUR") throws -> Money? {
        Money(try .written(text), try #require(Currency(code: code)))
    }

    @Test(arguments: [
        ("0", 0), ("12.5", 1_250), ("12.50", 1_250), ("12.500", 1_250), ("0.01", 1), ("1e2", 10_000),
        ("1.25E1", 1_250), ("-3.10", -310), ("0.1", 10), ("0.29", 29), ("1.15", 115), ("1.005e3", 100_500),
        ("92233720368547758.07", Int64.max),
    ])
    func `is exact`(text: String, units: Int64) throws {
        #expect(try money(text)?.minorUnits == units)
    }

    @Test(arguments: ["0.001", "12.505", "1e-3", "92233720368547758.08", "1e17", "1e400", "1e-400"])
    func `has no more digits than its currency, and fits`(text: String) throws {
        #expect(try money(text) == nil)
    }

    @Test func `has the digits of its currency`() throws {
        #expect(try money("12", "JPY")?.minorUnits == 12)
        #expect(try money("12.5", "JPY") == nil)
        #expect(try money("1.234", "KWD")?.minorUnits == 1_234)
        #expect(try money("1.2345", "KWD") == nil)
    }

    @Test(arguments: [
        (0, "EUR", "€ 0.00"), (5, "EUR", "€ 0.05"), (1_250, "EUR", "€ 12.50"), (-310, "EUR", "€ -3.10"),
        (1_234_567, "USD", "$ 12345.67"), (12, "JPY", "¥ 12"), (-12, "JPY", "¥ -12"), (7, "KWD", "KWD 0.007"),
        (Int64.max, "EUR", "€ 92233720368547758.07"), (Int64.min, "EUR", "€ -92233720368547758.08"),
    ])
    func `is written with its currency`(units: Int64, code: String, text: String) throws {
        #expect(Money(minorUnits: units, currency: try #require(Currency(code: code))).text == text)
    }

    @Test(arguments: [("12.5", "12.5"), ("1.250e1", "12.5"), ("12.00", "12"), ("0.10", "0.1"), ("-0", "0")])
    func `is one number, however it was written`(text: String, number: String) throws {
        #expect(try money(text)?.number.text == number)
    }

    @Test func `adds up exactly, or not at all`() throws {
        let cent = Money(minorUnits: 1, currency: .euro)
        #expect(cent.adding(cent) == Money(minorUnits: 2, currency: .euro))
        #expect(Money(minorUnits: .max, currency: .euro).adding(cent) == nil)
        #expect(cent.adding(Money(minorUnits: 1, currency: try #require(Currency(code: "USD")))) == nil)
    }
}

@Suite struct `The total of an order` {
    @Test func `is the sum of its prices`() {
        let prices = [1_999, 1, 500].map { Money(minorUnits: $0, currency: .euro) }
        #expect(Money.sum(prices, in: .euro)?.text == "€ 25.00")
        #expect(Money.sum([], in: .euro)?.text == "€ 0.00")
        let tenths = Array(repeating: Money(minorUnits: 10, currency: .euro), count: 1_000)
        #expect(Money.sum(tenths, in: .euro)?.text == "€ 100.00")
    }

    @Test func `fits for the most pieces at the highest price`() {
        let prices = Array(repeating: Money(minorUnits: Money.maxMinorUnits, currency: .euro), count: 1_000)
        #expect(Money.sum(prices, in: .euro)?.minorUnits == 99_999_999_999_000)
    }

    @Test func `is none where it does not fit`() {
        let most = Money(minorUnits: .max, currency: .euro)
        #expect(Money.sum([most, most], in: .euro) == nil)
    }
}
