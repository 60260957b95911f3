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
        try await rightOfWay.withCommand {}
        #expect(rightOfWay.holder == .command)
        #expect(size.count(givingWayTo: rightOfWay.holder) < besideModules)
        try await Task.sleep(for: .milliseconds(150))
        #expect(rightOfWay.holder == nil)
        #expect(size.count(givingWayTo: rightOfWay.holder) == 1_024)
    }
}

@Suite struct `A module that is behind` {
    /// The rest after some work, while so many commands are under way.
    private func rest(
        after time: Duration, commands: Int, _ rightOfWay: RightOfWay = RightOfWay()
    ) async -> Duration? {
        if commands == 0 { return rightOfWay.rest(after: time) }
        return await withCommands(rightOfWay, commands) { rightOfWay.rest(after: time) }
    }

    private func withCommands(
        _ rightOfWay: RightOfWay, _ count: Int, _ body: () -> Duration?
    ) async -> Duration? {
        var found: Duration?
        try? await rightOfWay.withCommand {
            found = count == 1 ? body() : await withCommands(rightOfWay, count - 1, body)
        }
        return found
    }

    @Test func `rests the longer the more commands are under way, but not for long, nor behind them`() async {
        #expect(await rest(after: .milliseconds(5), commands: 0) == nil)
        #expect(await rest(after: .milliseconds(5), commands: 1) == nil)
        #expect(await rest(after: .milliseconds(5), commands: 8) == .milliseconds(20))
        #expect(await rest(after: .milliseconds(5), commands: 100) == .milliseconds(45))
        #expect(await rest(after: .seconds(5), commands: 8) == .milliseconds(250))
        let rightOfWay = RightOfWay()
        #expect(await rest(after: .milliseconds(5), commands: 8, rightOfWay) != nil)
        #expect(rightOfWay.rest(after: .milliseconds(5)) == nil)
    }

    @Test func `rests for queries as for commands, and takes larger batches beside them`() async throws {
        let rightOfWay = RightOfWay()
        var found: Duration?
        try await rightOfWay.withQuery { () async throws(Refusal) in
            try await rightOfWay.withCommand { found = rightOfWay.rest(after: .milliseconds(5)) }
        }
        #expect(found == .milliseconds(5))
        #expect(rightOfWay.rest(after: .milliseconds(5)) == nil)
        let after = RightOfWay()
        try await after.withQuery {}
        #expect(after.holder == .module)
    }
}
