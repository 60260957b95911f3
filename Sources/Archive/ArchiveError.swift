public import EventStore
import Glibc
import NIOPosix

/// Why nothing was trimmed, archived or restored.
public struct ArchiveError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Not the name of an archive.
        case badName
        /// There is no such archive.
        case notFound
        /// A file is not what its manifest says.
        case damaged
        /// Another archive of that name is there.
        case exists
        /// Modules need the events that would be trimmed.
        case held([RetentionHolder])
        /// Somebody else is at it.
        case busy
        /// Another program wrote where it should have been trimmed.
        case changed
        /// The shop is not one that the archive can be put into.
        case notRestorable
        /// The directory or a file cannot be used.
        case io
        /// Redis did not take it: see the cause.
        case store
    }

    public let code: Code
    /// What was wrong, and what to do.
    public let message: String
    public let cause: StoreError?

    public init(_ code: Code, _ message: String, cause: StoreError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}

extension ArchiveError {
    init(_ error: StoreError) { self.init(.store, error.message, cause: error) }

    /// With what the system says was the reason.
    static func system(_ what: String, _ path: String) -> ArchiveError {
        ArchiveError(.io, "\(what) \(path): \(String(cString: strerror(errno)))")
    }
}

/// Runs what waits for a disk on a thread that may wait.
func onFileThread<T: Sendable>(
    _ work: @escaping @Sendable () throws(ArchiveError) -> T
) async throws(ArchiveError) -> T {
    do { return try await NIOThreadPool.singleton.runIfActive { try work() } } catch {
        throw error as? ArchiveError ?? ArchiveError(.io, "the work with the archive was cut off: \(error)")
    }
}

/// Asks the store.
func asking<T>(_ body: () async throws(StoreError) -> T) async throws(ArchiveError) -> T {
    do throws(StoreError) { return try await body() } catch { throw ArchiveError(error) }
}
