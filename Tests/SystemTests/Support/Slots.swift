/// Keeps the number of shops that are open at once to what the machine can carry.
actor Slots {
    static let shared = Slots(4)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }

    /// Runs `body` when it is its turn.
    static func inTurn<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
        await shared.take()
        do {
            let result = try await body()
            await shared.giveBack()
            return result
        } catch {
            await shared.giveBack()
            throw error
        }
    }
}
