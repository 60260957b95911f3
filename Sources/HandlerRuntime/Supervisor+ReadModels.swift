public import EventStore
import Logging

/// Read models that a shop of an older version lacks are built beside everything else. What would be read from them is
/// refused meanwhile.
extension Supervisor {
    public var readModels: ReadModelStanding { store.readModelStanding }

    /// A daemon of another version may come and go at any time, and append what it does not write to all of them.
    func keepReadModels() async {
        var isSaid = false
        repeat {
            do {
                try await store.refreshReadModels()
                if readModels.isWhole { continue }
                if !isSaid { logger.notice("building read models that came with this version", metadata: missing) }
                isSaid = true
                // It computes for long, unlike the look.
                let built = try await withTaskExecutorPreference(globalConcurrentExecutor) {
                    try await store.buildReadModels(by: owner)
                }
                if built.isEmpty { continue }
                isSaid = false
                logger.notice(
                    "built read models", metadata: ["read_models": "\(built.sorted().joined(separator: ", "))"])
            } catch {
                logger.debug("read models could not be built", metadata: ["reason": "\(error)"])
            }
            // Where all is whole, this is no more than a look, and the daemon may be idle.
        } while (try? await store.eventLoop.sleep(for: .seconds(readModels.isWhole ? 5 : 1))) != nil
    }

    private var missing: Logger.Metadata {
        ["read_models": "\(readModels.missing.sorted().joined(separator: ", "))"]
    }
}
