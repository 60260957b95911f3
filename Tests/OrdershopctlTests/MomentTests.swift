import Testing

@testable import ordershopctl

@Suite struct `Times and sizes for people` {
    @Test func `are read as the daemon writes them`() {
        #expect(Moment(rfc3339: "2019-01-28T18:21:19Z")?.unixSeconds == 1_548_699_679)
        #expect(Moment(rfc3339: "2019-01-28T18:21:19.5Z")?.unixSeconds == 1_548_699_679.5)
        for text in ["", "2019-01-28", "2019-01-28T18:21:19", "2019-01-28T18:21:19+01:00", "x2019-01-28T18:21:19Z"]
        {
            #expect(Moment(rfc3339: text) == nil)
        }
    }

    @Test(arguments: [
        (0, "just now"), (1, "1 s ago"), (89, "89 s ago"), (90, "2 min ago"), (5_400, "2 h ago"),
        (129_600, "2 days ago"), (-20, "in 20 s"), (-7_200, "in 2 h"),
    ]) func `are told from now`(seconds: Double, words: String) throws {
        let moment = try #require(Moment(unix: 1_548_699_679))
        #expect(moment.relative(to: 1_548_699_679 + seconds) == words)
    }

    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (12_345, "12.3 kB"), (123_456, "123 kB"),
        (999_600, "1.0 MB"), (7.5e9, "7.5 GB"), (5e15, "5000 TB"),
    ]) func `are in the largest unit`(bytes: Double, words: String) {
        #expect(ByteCount(bytes).description == words)
    }
}
