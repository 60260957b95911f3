import JSON
import Testing

@testable import ordershopctl

@Suite struct `A trace in words` {
    private let story: JSONValue = [
        "subject": "order:1", "is_whole": true, "traces": ["0af7"],
        "steps": [
            [
                "kind": "request", "name": "request visit", "time": "2026-01-31T12:00:00.123456Z", "offset_us": 0,
                "by": ["uid": "0"],
                "steps": [
                    [
                        "kind": "event", "name": "order created", "time": "2026-01-31T12:00:00.123556Z",
                        "offset_us": 100, "entity": "order:1", "by": ["request": "visit"],
                        "steps": [
                            [
                                "kind": "span", "name": "crm order.created", "time": "2026-01-31T12:00:00.125Z",
                                "offset_us": 1_544, "duration_us": 2_048_000,
                                "steps": [
                                    [
                                        "kind": "event", "name": "mail requested", "time": "2026-01-31T12:00:02Z",
                                        "offset_us": 2_000_000, "entity": "mail:2", "by": ["module": "crm"],
                                    ]
                                ],
                            ],
                            [
                                "kind": "span", "name": "billing order.created", "time": "2026-01-31T12:00:01Z",
                                "offset_us": 876_544, "duration_us": 7, "error": "it broke",
                            ],
                        ],
                    ]
                ],
            ]
        ],
    ]

    @Test func `is a tree, with when each step was, and how long it took where that is known`() {
        let lines = TraceReport(story).text(on: Screen()).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[..<3] == ["order:1", "trace 0af7", ""])
        #expect(lines[3].hasSuffix(".123"))
        #expect(
            lines[4...] == [
                "     +0 µs          request visit  by uid 0",
                "   +100 µs          └─ order created  order:1",
                "  +1.54 ms  2.04 s     ├─ crm order.created",
                "   +2.00 s             │  └─ mail requested  mail:2  by crm",
                "+876.54 ms    7 µs     └─ billing order.created  it broke",
            ])
    }

    @Test func `says where there may be more`() throws {
        var part = try #require(story.object)
        part["is_whole"] = false
        #expect(TraceReport(.object(part)).text(on: Screen()).contains("There may be more"))
        #expect(!TraceReport(story).text(on: Screen()).contains("There may be more"))
    }

    @Test(arguments: [
        (0, "0 µs"), (999, "999 µs"), (1_000, "1.00 ms"), (1_090, "1.09 ms"), (999_999, "999.99 ms"),
        (1_000_000, "1.00 s"), (89_999_999, "89.99 s"), (90_000_000, "2 min"), (7_200_000_000, "2 h"),
    ])
    func `times are in the unit that suits them`(_ microseconds: Int64, _ text: String) {
        #expect(TraceReport.text(microseconds: microseconds) == text)
    }

    @Test func `fits the terminal`() {
        let report = TraceReport(story).text(on: Screen(isTerminal: true, width: 44))
        #expect(report.split(separator: "\n").allSatisfy { $0.columns <= 44 })
    }
}

extension Substring {
    fileprivate var columns: Int { String(self).columns }
}
