import EventStore
import Synchronization

/// The runners' bells, for those who are made before the runners.
final class Bells: Sendable {
    private let bells = Mutex<[StreamKey: [Bell]]>([:])

    /// - Parameter inline: streams whose owner need not hear of them.
    func connect(_ runners: [ModuleRunner], inline: Set<StreamKey>) {
        let pairs = runners.flatMap { runner in
            runner.module.heard(inline: inline).map { (stream: $0, bell: runner.bell) }
        }
        bells.withLock { $0 = Dictionary(grouping: pairs, by: \.stream).mapValues { $0.map(\.bell) } }
    }

    func ring(for streams: Set<StreamKey>) {
        let bells = bells.withLock(\.self)
        for stream in streams { for bell in bells[stream] ?? [] { bell.ring() } }
    }
}
