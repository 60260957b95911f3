import Foundation
import Testing

/// For how many seconds; nil: not at all.
private let time = ProcessInfo.processInfo.environment["SOAK_SECONDS"].flatMap { Int($0) }
/// The last round may begin at the last moment.
private let limit = (time ?? 0) / 60 + 10

/// `make soak`: what is tried a few hundred times in `make test`, for hours.
@Suite(.enabled(if: time != nil), .timeLimit(.minutes(limit))) struct Soak {
    @Test func `a daemon that is killed for hours loses nothing and does nothing twice`() async throws {
        let begin = ContinuousClock.now
        let end = begin + .seconds(time ?? 0)
        var (rounds, acknowledged) = (0, 0)
        repeat {
            acknowledged += try await killFourShops(times: 25)
            rounds += 1
            say("\(ContinuousClock.now - begin): killed \(rounds * 100) times, \(acknowledged) writes acknowledged")
        } while ContinuousClock.now < end
        #expect(acknowledged > rounds * 100)
    }

    /// At once, unlike `print` into a pipe.
    private func say(_ text: String) { FileHandle.standardError.write(Data("soak: \(text)\n".utf8)) }
}
