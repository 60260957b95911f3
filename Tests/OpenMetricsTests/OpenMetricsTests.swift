import CoreMetrics
import OpenMetrics
import Testing

struct `What is measured` {
    private let registry = MetricsRegistry([
        .counter("shop_commands", "Commands that were run."),
        .gauge("shop_lag", "Events that wait \"now\"\nin a module \\ here."),
        .histogram("shop_wait_seconds", "How long they waited.", bounds: [0.001, 0.1, 1]),
    ])

    @Test func `is written as Prometheus reads it`() {
        Counter(label: "shop_commands", dimensions: [("method", "a.b")], factory: registry).increment(by: 3)
        Meter(label: "shop_lag", dimensions: [("module", "a\"b\\c\nd")], factory: registry).set(1.5)
        let timer = Timer(label: "shop_wait_seconds", dimensions: [], factory: registry)
        timer.recordMilliseconds(1)
        timer.recordMilliseconds(50)
        timer.recordSeconds(2)
        #expect(
            registry.text(as: .prometheus) == #"""
                # HELP shop_commands_total Commands that were run.
                # TYPE shop_commands_total counter
                shop_commands_total{method="a.b"} 3
                # HELP shop_lag Events that wait "now"\nin a module \\ here.
                # TYPE shop_lag gauge
                shop_lag{module="a\"b\\c\nd"} 1.5
                # HELP shop_wait_seconds How long they waited.
                # TYPE shop_wait_seconds histogram
                shop_wait_seconds_bucket{le="0.001"} 1
                shop_wait_seconds_bucket{le="0.1"} 2
                shop_wait_seconds_bucket{le="1"} 2
                shop_wait_seconds_bucket{le="+Inf"} 3
                shop_wait_seconds_sum 2.051
                shop_wait_seconds_count 3

                """#)
    }

    @Test func `is written as OpenMetrics wants it, too`() {
        Counter(label: "shop_commands", factory: registry).increment()
        Timer(label: "shop_wait_seconds", factory: registry).recordMilliseconds(5)
        #expect(
            registry.text(as: .openMetrics) == """
                # HELP shop_commands Commands that were run.
                # TYPE shop_commands counter
                shop_commands_total 1
                # HELP shop_wait_seconds How long they waited.
                # TYPE shop_wait_seconds histogram
                # UNIT shop_wait_seconds seconds
                shop_wait_seconds_bucket{le="0.001"} 0
                shop_wait_seconds_bucket{le="0.1"} 1
                shop_wait_seconds_bucket{le="1.0"} 1
                shop_wait_seconds_bucket{le="+Inf"} 1
                shop_wait_seconds_sum 0.005
                shop_wait_seconds_count 1
                # EOF

                """)
    }

    @Test func `adds up whoever measures`() async {
        let registry = registry
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "shop_commands", factory: registry)
                    let timer = Timer(label: "shop_wait_seconds", factory: registry)
                    for _ in 0..<10_000 {
                        counter.increment()
                        timer.recordSeconds(1)
                    }
                }
            }
        }
        let text = registry.text(as: .prometheus)
        #expect(text.contains("shop_commands_total 80000\n"))
        #expect(text.contains("shop_wait_seconds_sum 80000\n") && text.contains("shop_wait_seconds_count 80000\n"))
    }

    @Test func `under a name that is declared as something else is left out`() {
        Meter(label: "shop_commands", factory: registry).set(1)
        #expect(registry.text(as: .prometheus) == "")
    }

    @Test func `with endless labels takes no endless memory`() {
        for number in 0..<10_000 {
            Counter(label: "shop_commands", dimensions: [("id", "\(number)")], factory: registry).increment()
        }
        #expect(registry.text(as: .prometheus).split(separator: "\n").count < 2_100)
    }

    @Test(
        arguments: [
            (nil, MetricsFormat.prometheus), ("text/plain", .prometheus), ("*/*", .prometheus),
            ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", .openMetrics),
            ("application/openmetrics-text; q=0, text/plain", .prometheus),
        ] as [(String?, MetricsFormat)])
    func `is written as the client asks`(accept: String?, format: MetricsFormat) {
        #expect(MetricsFormat(accept: accept) == format)
    }
}
