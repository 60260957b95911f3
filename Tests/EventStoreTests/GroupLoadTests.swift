import Redis
import Synchronization
import Testing

@testable import EventStore

@Suite struct GroupLoadTests {
    @Test func `loads of the same moment go in one call, and each gets its own answers`() async throws {
        let redis = SlowAnswers()
        let answers = try await redis.load((0..<100).map { ["a\($0)", "b\($0)"] })
        #expect(answers.map { try? $0.get() } == (0..<100).map { [.status("a\($0)"), .status("b\($0)")] })
        #expect(redis.calls.count < 50)
        #expect(redis.calls.allSatisfy { $0 <= 65 })
    }

    @Test func `a lone load goes as it is`() async throws {
        let redis = SlowAnswers()
        let answers = try await redis.load([["a"]])
        #expect(try answers[0].get() == [.status("a")])
        #expect(redis.calls == [1])
    }

    @Test func `what is wrong with one load fails no other`() async throws {
        let redis = SlowAnswers { $0.contains("bad") ? StoreError(.foreignKey, "not a hash") : nil }
        let answers = try await redis.load((0..<30).map { [$0 == 17 ? "bad" : "a\($0)"] })
        for (index, answer) in answers.enumerated() {
            #expect((try? answer.get()) == (index == 17 ? nil : [.status("a\(index)")]))
        }
    }

    @Test func `an outage is told to all without another call`() async throws {
        let redis = SlowAnswers { _ in StoreError(.unavailable, "away") }
        let answers = try await redis.load((0..<30).map { ["a\($0)"] })
        #expect(answers.allSatisfy { $0.failure?.code == .unavailable })
        #expect(redis.calls.reduce(0, +) == 30)
    }

    @Test func `a load that is cancelled takes no other with it`() async throws {
        let redis = SlowAnswers()
        let tasks = (0..<30).map { index in Task { try await redis.load(one: ["a\(index)"]) } }
        for index in stride(from: 0, to: 30, by: 3) { tasks[index].cancel() }
        for (index, task) in tasks.enumerated() where index % 3 != 0 {
            #expect(try await task.value == [.status("a\(index)")])
        }
    }
}

/// Answers every name with itself, a while later.
private final class SlowAnswers: Sendable {
    private let group = GroupLoad()
    private let failure: @Sendable ([String]) -> StoreError?
    private let sizes = Mutex<[Int]>([])

    init(failingWith failure: @escaping @Sendable ([String]) -> StoreError? = { _ in nil }) {
        self.failure = failure
    }

    /// How many entities each call asked for.
    var calls: [Int] { sizes.withLock(\.self) }

    func load(_ loads: [[String]]) async throws -> [Result<[RedisValue], StoreError>] {
        let tasks = loads.map { names in
            Task { () async -> Result<[RedisValue], StoreError> in
                do throws(StoreError) { return .success(try await self.load(one: names)) } catch {
                    return .failure(error)
                }
            }
        }
        var answers: [Result<[RedisValue], StoreError>] = []
        for task in tasks { answers.append(await task.value) }
        return answers
    }

    func load(one names: [String]) async throws(StoreError) -> [RedisValue] {
        try await group.run(names.map { .id("thing", $0) }) { references async throws(StoreError) in
            let names = references.map { if case .id(_, let name) = $0 { name } else { "" } }
            self.sizes.withLock { $0.append(names.count) }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { throw StoreError(.cancelled, "cancelled") }
            if let failure = self.failure(names) { throw failure }
            return names.map { .status($0) }
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
