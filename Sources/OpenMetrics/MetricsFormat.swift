/// How measurements are written.
public enum MetricsFormat: Sendable, Hashable {
    /// Prometheus's own text format, version 0.0.4, which every scraper reads.
    case prometheus
    /// OpenMetrics 1.0.
    case openMetrics

    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The one that a client wants: OpenMetrics where it names it at all.
    /// - Parameter accept: the value of its `Accept` header.
    public init(accept: String?) {
        let wanted = (accept ?? "").split(separator: ",").first { $0.contains("application/openmetrics-text") }
        let isRefused = wanted.map { $0.replacing(" ", with: "").hasSuffix(";q=0") } ?? true
        self = isRefused ? .prometheus : .openMetrics
    }
}

/// Writes families one behind the other.
struct MetricsWriter {
    private let format: MetricsFormat
    private var text = ""

    init(_ format: MetricsFormat) { self.format = format }

    /// OpenMetrics names a counter without its samples' ending, the older format with it.
    mutating func begin(_ family: Family) {
        let name = family.kind == .counter && format == .prometheus ? family.name + "_total" : family.name
        // Only OpenMetrics knows of escaped quotes in a help text; the older format takes them for a mistake.
        let help = format == .openMetrics ? Labels.escaped(family.help) : Labels.onOneLine(family.help)
        if !help.isEmpty { text += "# HELP \(name) \(help)\n" }
        text += "# TYPE \(name) \(family.kind.rawValue)\n"
        if format == .openMetrics, let unit = family.unit { text += "# UNIT \(name) \(unit)\n" }
    }

    mutating func counter(_ family: Family, _ labels: Labels, _ value: Double) {
        sample(family.name + "_total" + labels.text, value)
    }

    mutating func gauge(_ family: Family, _ labels: Labels, _ value: Double) {
        sample(family.name + labels.text, value)
    }

    mutating func histogram(
        _ family: Family, _ labels: Labels, _ bounds: [Double], _ standing: (counts: [Int64], sum: Double)
    ) {
        for (bound, count) in zip(bounds + [.infinity], standing.counts) {
            sample("\(family.name)_bucket\(labels.with("le", bound.bucketText(format)))", Double(count))
        }
        sample("\(family.name)_sum\(labels.text)", standing.sum)
        sample("\(family.name)_count\(labels.text)", Double(standing.counts.last ?? 0))
    }

    var finished: String { format == .openMetrics ? text + "# EOF\n" : text }

    private mutating func sample(_ name: String, _ value: Double) { text += "\(name) \(value.sampleText)\n" }
}

extension Family {
    /// The base unit at the end of the name, if there is one.
    fileprivate var unit: String? { ["seconds", "bytes"].first { name.hasSuffix("_" + $0) } }
}

extension Double {
    /// OpenMetrics wants a point in a bucket's bound.
    fileprivate func bucketText(_ format: MetricsFormat) -> String {
        format == .openMetrics && isFinite ? String(self) : sampleText
    }
}
