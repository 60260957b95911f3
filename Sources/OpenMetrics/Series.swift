import CoreMetrics
import Synchronization

/// One series that only grows.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler {
    private let count = Atomic<Int64>(0)
    /// What was added in fractions, in millionths: few counters have any.
    private let millionths = Atomic<Int64>(0)

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func increment(by amount: Double) {
        guard amount.isFinite, amount >= 0, amount < 1e12 else { return }
        millionths.wrappingAdd(Int64((amount * 1e6).rounded()), ordering: .relaxed)
    }

    /// A counter goes on from where it is: programs that read it take a fall for a restart.
    func reset() {}

    var value: Double {
        Double(count.load(ordering: .relaxed)) + Double(millionths.load(ordering: .relaxed)) / 1e6
    }
}

/// One series that is what was last set.
final class GaugeSeries: MeterHandler, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }

    private func add(_ amount: Double) {
        var known = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: known) + amount).bitPattern
            let (isDone, found) = bits.weakCompareExchange(expected: known, desired: next, ordering: .relaxed)
            if isDone { return }
            known = found
        }
    }

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// One series of observed values, counted by size. What is observed costs a search among a few bounds and two
/// additions, whoever else observes.
final class HistogramSeries: TimerHandler, RecorderHandler {
    let bounds: [Double]
    /// Counts are added from any thread; a class of its own for each, as an atomic cannot stand in an array.
    private let buckets: [Count]
    private let sum = GaugeSeries()

    private final class Count: Sendable {
        let value = Atomic<Int64>(0)
    }

    init(bounds: [Double]) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Count() }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        buckets[place].value.wrappingAdd(1, ordering: .relaxed)
        sum.increment(by: value)
    }

    /// How many were observed up to each bound, the last for infinity; and the sum of them all.
    var standing: (counts: [Int64], sum: Double) {
        var total: Int64 = 0
        let counts = buckets.map { bucket in
            total += bucket.value.load(ordering: .relaxed)
            return total
        }
        return (counts, sum.value)
    }
}
