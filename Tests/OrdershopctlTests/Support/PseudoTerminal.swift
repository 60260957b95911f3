import Foundation
import Glibc
import Synchronization
import TestKit

/// A program that runs on a terminal of the test's own: keys go in, what it shows comes out.
final class PseudoTerminal: Sendable {
    private let master: CInt
    private let process: Process
    private let shown = Mutex<[UInt8]>([])

    private init(master: CInt, process: Process) { (self.master, self.process) = (master, process) }

    /// Runs `ordershopctl` as long as `body`.
    static func run(
        _ arguments: String..., environment: [String: String] = [:], columns: UInt16 = 100, rows: UInt16 = 30,
        _ body: (PseudoTerminal) async throws -> Void
    ) async throws {
        var (master, slave): (CInt, CInt) = (0, 0)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&master, &slave, nil, nil, &size) == 0 else { throw POSIXError(.ENXIO) }
        let end = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Ctl.binary.path)
        process.arguments = arguments
        process.environment = ["TZ": "UTC", "LANG": "C.UTF-8", "TERM": "xterm"].merging(environment) { $1 }
        (process.standardInput, process.standardOutput, process.standardError) = (end, end, end)
        try process.run()
        try end.close()
        let terminal = PseudoTerminal(master: master, process: process)
        let reader = Thread { terminal.read() }
        reader.start()
        defer {
            if process.isRunning { process.terminate() }
            process.waitUntilExit()
        }
        try await body(terminal)
    }

    /// Until the program is gone, which the terminal tells by an error.
    private func read() {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(master, &bytes, bytes.count)
            if count <= 0 { break }
            shown.withLock { $0 += bytes.prefix(count) }
        }
        close(master)
    }

    func type(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }

    /// As Ctrl-C does.
    func interrupt() { kill(process.processIdentifier, SIGINT) }

    /// All that was ever shown.
    var output: String { shown.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Waits until the text was shown after what was shown before.
    func expect(_ text: String) async throws {
        try await eventually("the terminal shows \(text)") { self.output.contains(text) }
    }

    /// The code that it ends with.
    func exitCode() async throws -> Int32 {
        try await eventually("it ends") { !self.process.isRunning }
        return process.terminationStatus
    }
}
