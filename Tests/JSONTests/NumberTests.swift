import JSON
import Testing

@Suite struct `A number` {
    @Test(
        arguments: [
            ("12.5", 2, 1250), ("12.50", 2, 1250), ("12.505", 2, nil), ("0", 2, 0), ("-0", 2, 0), ("0.00", 0, 0),
            ("-0.01", 2, -1), ("1e3", 0, 1000), ("1E+2", 2, 10_000), ("10.0", 0, 10), ("125e-2", 2, 125),
            ("1e-2", 2, 1),
            ("1e-3", 2, nil), ("9223372036854775807", 0, .max), ("9223372036854775808", 0, nil),
            ("-9223372036854775808", 0, .min), ("-9223372036854775809", 0, nil), ("92233720368547758.07", 2, .max),
            ("1e18", 0, 1_000_000_000_000_000_000), ("1e19", 0, nil), ("1e999999999999999999999", 0, nil),
            ("0.1", 0, nil), ("100000000000000000000000e-20", 0, 1000), ("0e99", 0, 0),
        ] as [(String, Int, Int64?)])
    func `is exact in units of a fraction`(text: String, digits: Int, scaled: Int64?) throws {
        #expect(try number(text).scaled(toFractionDigits: digits) == scaled)
    }

    @Test(arguments: ["1e-9223372036854775808", "1e9223372036854775807", "1e-9223372036854775809"])
    func `with an absurd exponent is no integer and no crash`(text: String) throws {
        #expect(try number(text).int64 == nil)
    }

    @Test(
        arguments: [
            (1250, 2, "12.5"), (1200, 2, "12"), (1205, 2, "12.05"), (5, 2, "0.05"), (-5, 2, "-0.05"), (0, 2, "0"),
            (7, 0, "7"), (.max, 2, "92233720368547758.07"), (.min, 0, "-9223372036854775808"), (1, 5, "0.00001"),
        ] as [(Int64, Int, String)])
    func `is written from units without zeros that say nothing`(unscaled: Int64, digits: Int, text: String) throws {
        let number = JSONNumber(unscaled: unscaled, fractionDigits: digits)
        #expect(number.text == text)
        #expect(number.scaled(toFractionDigits: digits) == unscaled)
    }

    @Test func `has a nearest double`() throws {
        #expect(try number("12.5").double == 12.5)
        #expect(try number("1e999").double == .infinity)
    }

    private func number(_ text: String) throws -> JSONNumber {
        try #require(try JSONValue(parsing: text.utf8).number)
    }
}
