import CoreMetrics
import Glibc
import Synchronization

/// What the kernel says of this process.
struct ProcessFacts: Sendable {
    let residentBytes: Int?
    let openDescriptors: Int?
    let cpuSeconds: Double

    static var now: ProcessFacts {
        ProcessFacts(residentBytes: resident, openDescriptors: descriptors, cpuSeconds: cpu)
    }

    private static var resident: Int? {
        guard let text = try? Files.read("/proc/self/statm", atMost: 4_096) else { return nil }
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * Int(getpagesize()) }
    }

    private static var descriptors: Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Itself, its parent and the descriptor that reads it.
        return max(0, count - 3)
    }

    private static var cpu: Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }
}

/// A counter of something that somebody else counts.
final class GrowingCounter: Sendable {
    private let counter: FloatingPointCounter
    private let known = Mutex(0.0)

    init(_ name: String, _ factory: any MetricsFactory) {
        counter = FloatingPointCounter(label: name, factory: factory)
    }

    func reach(_ value: Double) {
        known.withLock { known in
            guard value > known else { return }
            counter.increment(by: value - known)
            known = value
        }
    }
}
