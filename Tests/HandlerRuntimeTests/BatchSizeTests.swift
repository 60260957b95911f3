import Testing

@testable import HandlerRuntime

@Suite struct `The size of a batch` {
    @Test func `doubles while batches are quickly done, up to a bound`() {
        var size = BatchSize()
        let first = size.count(givingWayTo: nil)
        size.adapt(to: .milliseconds(1))
        #expect(size.count(givingWayTo: nil) == 2 * first)
        for _ in 0..<20 { size.adapt(to: .milliseconds(1)) }
        #expect(size.count(givingWayTo: nil) == 1_024)
    }

    @Test func `falls back to the least when one takes long`() {
        var size = BatchSize()
        let first = size.count(givingWayTo: nil)
        for _ in 0..<3 { size.adapt(to: .milliseconds(1)) }
        size.adapt(to: .milliseconds(60))
        #expect(size.count(givingWayTo: nil) == first)
    }

    @Test func `is small while others have the right of way, and large again when they are done`() async throws {
        var size = BatchSize()
        for _ in 0..<20 { size.adapt(to: .milliseconds(1)) }
        let rightOfWay = RightOfWay()
        #expect(rightOfWay.holder == nil)
        rightOfWay.takeForModule()
        #expect(rightOfWay.holder == .module)
        let besideModules = size.count(givingWayTo: rightOfWay.holder)
        #expect(besideModules < 256)
        rightOfWay.takeForCommand()
        #expect(rightOfWay.holder == .command)
        #expect(size.count(givingWayTo: rightOfWay.holder) < besideModules)
        try await Task.sleep(for: .milliseconds(150))
        #expect(rightOfWay.holder == nil)
        #expect(size.count(givingWayTo: rightOfWay.holder) == 1_024)
    }
}

@Suite struct `A module that is behind` {
    @Test func `rests while commands come, for longer than it worked but not for long, and not behind them`()
        async throws
    {
        let rightOfWay = RightOfWay()
        #expect(rightOfWay.rest(after: .milliseconds(5)) == nil)
        rightOfWay.takeForCommand()
        #expect(rightOfWay.rest(after: .milliseconds(5)) == .milliseconds(20))
        #expect(rightOfWay.rest(after: .seconds(5)) == .milliseconds(250))
        try await Task.sleep(for: .milliseconds(150))
        #expect(rightOfWay.rest(after: .milliseconds(5)) == nil)
    }
}
