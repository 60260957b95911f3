import Logging

/// One round of a part: where it measures, and where what it finds goes.
struct Round: Sendable {
    let redis: RedisUnderTest
    /// Where `ordershopd` and `ordershopctl` were built.
    let binaries: String
    let isFirst: Bool
    /// How much is done, beside the whole: less for a quick look.
    let scale: Double

    func count(_ whole: Int) -> Int { max(1_000, Int(Double(whole) * scale) / 1_000 * 1_000) }
}

/// One thing to measure, with its ceilings.
enum Part: String, CaseIterable, Sendable {
    case append, deliver, projection, shop, growth, process, load, socket, peers

    func measure(_ round: Round, _ report: inout Report) async throws {
        switch self {
        case .append: try await measureAppending(round, &report)
        case .deliver: try await measureDelivery(round, &report)
        case .projection: try await measureProjections(round, &report)
        case .shop: try await measureShop(round, &report)
        case .growth: try await measureGrowth(round, &report)
        case .process: try await measureProcess(round, &report)
        case .load: try await measureLoad(round, &report)
        case .socket: try await measureSocket(round, &report)
        case .peers: try await measurePeers(round, &report)
        }
    }
}

extension Logger {
    static var bench: Logger {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        return logger
    }
}
