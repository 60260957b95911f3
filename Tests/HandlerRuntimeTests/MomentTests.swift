import EventStore
import HandlerRuntime
import Testing

@Suite struct `A moment` {
    @Test(arguments: [
        ("beginning", EventID.zero),
        ("1548699679-211658", EventID(seconds: 1_548_699_679, microseconds: 211_658)),
        ("1548699679", EventID(seconds: 1_548_699_679, microseconds: 0)),
        ("2019-01-28T18:21:19Z", EventID(seconds: 1_548_699_679, microseconds: 0)),
        ("2019-01-28t18:21:19.25z", EventID(seconds: 1_548_699_679, microseconds: 250_000)),
        ("2019-01-28 19:21:19.211658999+01:00", EventID(seconds: 1_548_699_679, microseconds: 211_658)),
        ("2019-01-28T13:51:19-04:30", EventID(seconds: 1_548_699_679, microseconds: 0)),
        ("2024-02-29T00:00:00Z", EventID(seconds: 1_709_164_800, microseconds: 0)),
    ])
    func `is read from an event id, a time, unix seconds or a word`(text: String, id: EventID) {
        #expect(Moment(text)?.event == id)
    }

    @Test(arguments: [
        "", "now", "-1", "1-", "1548699679211658", "2019-01-28", "2019-01-28T18:21:19", "2019-02-29T00:00:00Z",
        "2019-13-01T00:00:00Z", "2019-01-01T25:00:00Z", "1969-12-31T23:59:59Z", "2019-01-28T18:21:19+1:00",
    ])
    func `is nothing else`(text: String) { #expect(Moment(text) == nil) }

    @Test func `is written as a time`() {
        #expect(Moment(EventID(seconds: 1_548_699_679, microseconds: 211_658)).text == "2019-01-28T18:21:19Z")
    }
}
