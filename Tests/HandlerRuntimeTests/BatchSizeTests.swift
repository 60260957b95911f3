import Testing

@testable import HandlerRuntime

@Suite struct `The size of a batch` {
    @Test func `doubles while batches are quickly done, up to a bound`() {
        var size = BatchSize()
        let first = size.count(givingWay: false)
        size.adapt(to: .milliseconds(1))
        #expect(size.count(givingWay: false) == 2 * first)
        for _ in 0..<20 { size.adapt(to: .milliseconds(1)) }
        #expect(size.count(givingWay: false) == 1_024)
    }

    @Test func `falls back to the least when one takes long`() {
        var size = BatchSize()
        let first = size.count(givingWay: false)
        for _ in 0..<3 { size.adapt(to: .milliseconds(1)) }
        size.adapt(to: .milliseconds(60))
        #expect(size.count(givingWay: false) == first)
    }

    @Test func `is small while others have the right of way, and large again when they are done`() async throws {
        var size = BatchSize()
        for _ in 0..<20 { size.adapt(to: .milliseconds(1)) }
        let rightOfWay = RightOfWay()
        #expect(!rightOfWay.isTaken)
        rightOfWay.take()
        #expect(rightOfWay.isTaken)
        #expect(size.count(givingWay: true) < 256)
        try await Task.sleep(for: .milliseconds(150))
        #expect(!rightOfWay.isTaken)
        #expect(size.count(givingWay: rightOfWay.isTaken) == 1_024)
    }
}
