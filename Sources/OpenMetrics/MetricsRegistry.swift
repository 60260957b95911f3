public import CoreMetrics
import Synchronization

/// Holds what the parts of a program measure by swift-metrics, and writes it out for Prometheus and its kin.
///
/// Families are declared, so that each has a help text and its right kind; what is measured under another name has
/// none, and is shown all the same.
public final class MetricsRegistry: MetricsFactory {
    private enum Series {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    private struct Entry {
        let family: Family
        var series: [(labels: Labels, series: Series)] = []
        var places: [Labels: Int] = [:]
    }

    /// More series of one family than this are a mistake of who chose its labels: no memory is given to them.
    private static let mostSeries = 2_000
    private let entries: Mutex<(order: [String], byName: [String: Entry])>

    public init(_ families: [Family] = []) {
        let byName = families.map { ($0.name, Entry(family: $0)) }
        entries = Mutex((families.map(\.name), Dictionary(byName) { first, _ in first }))
    }

    // MARK: What swift-metrics asks for

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    /// Series stay until the process ends: one that vanishes and comes back would look like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: Series

    private func counter(_ name: String, _ dimensions: [(String, String)]) -> CounterSeries {
        let series = series(.counter(name, ""), dimensions) { _ in .counter(CounterSeries()) }
        if case .counter(let counter) = series { return counter }
        return CounterSeries()
    }

    private func gauge(_ name: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        let series = series(.gauge(name, ""), dimensions) { _ in .gauge(GaugeSeries()) }
        if case .gauge(let gauge) = series { return gauge }
        return GaugeSeries()
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramSeries {
        let series = series(.histogram(name, ""), dimensions) { family in
            .histogram(HistogramSeries(bounds: family.bounds))
        }
        if case .histogram(let histogram) = series { return histogram }
        return HistogramSeries(bounds: [])
    }

    /// The series with these labels, made where there is none. Where a name is declared as something else, nothing
    /// that is measured under it can be shown.
    private func series(
        _ undeclared: Family, _ dimensions: [(String, String)], _ make: (Family) -> Series
    ) -> Series? {
        let labels = Labels(dimensions)
        return entries.withLock { entries in
            if entries.byName[undeclared.name] == nil {
                entries.order.append(undeclared.name)
                entries.byName[undeclared.name] = Entry(family: undeclared)
            }
            guard var entry = entries.byName[undeclared.name], entry.family.kind == undeclared.kind else {
                return nil
            }
            if let place = entry.places[labels] { return entry.series[place].series }
            guard entry.series.count < Self.mostSeries else { return nil }
            let series = make(entry.family)
            entry.places[labels] = entry.series.count
            entry.series.append((labels, series))
            entries.byName[undeclared.name] = entry
            return series
        }
    }

    // MARK: Writing

    /// Everything that was measured, as it is now.
    public func text(as format: MetricsFormat) -> String {
        let entries = entries.withLock { entries in entries.order.compactMap { entries.byName[$0] } }
        var writer = MetricsWriter(format)
        for entry in entries where !entry.series.isEmpty {
            writer.begin(entry.family)
            for (labels, series) in entry.series {
                switch series {
                case .counter(let counter): writer.counter(entry.family, labels, counter.value)
                case .gauge(let gauge): writer.gauge(entry.family, labels, gauge.value)
                case .histogram(let histogram):
                    writer.histogram(entry.family, labels, histogram.bounds, histogram.standing)
                }
            }
        }
        return writer.finished
    }
}
