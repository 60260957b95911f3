import Foundation
import TestKit

/// A disk of a few megabytes that can be filled: a tmpfs in a mount namespace of its own, which is gone with the
/// process that holds it. Only root may make one.
final class Disk: Sendable {
    static let canBeMade = geteuid() == 0

    /// Reaches into the namespace, from everywhere.
    let path: String
    private let directory: TemporaryDirectory
    private let holder: ChildProcess
    private var filler: String { "\(path)/filler" }

    init(megabytes: Int) async throws {
        directory = try TemporaryDirectory()
        let log = directory.file("log")
        let script = "mount -t tmpfs -o size=\(megabytes)m none \"$1\" && mkdir \"$1/ready\" && exec sleep 600"
        let inside = directory.file("disk")
        try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: false)
        holder = try await ChildProcess.start(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", inside], output: log)
        path = "/proc/\(holder.processID ?? 0)/root\(inside)"
        let (ready, holder) = ("\(path)/ready", holder)
        for _ in 0..<2_000 where !FileManager.default.fileExists(atPath: ready) {
            guard holder.isRunning else { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        guard FileManager.default.fileExists(atPath: ready) else {
            throw TestKitError("no tmpfs: \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
        }
    }

    deinit { holder.end(with: SIGKILL) }

    /// Takes all the room that is left.
    func fill() throws {
        try Data().write(to: URL(filePath: filler))
        let handle = try FileHandle(forWritingTo: URL(filePath: filler))
        defer { try? handle.close() }
        // In ever smaller pieces, to the last byte.
        for size in [65_536, 4_096, 1] {
            while (try? handle.write(contentsOf: Data(count: size))) != nil {}
        }
    }

    func clear() throws { try FileManager.default.removeItem(atPath: filler) }
}
