import Foundation

/// What the kernel says of a running program.
struct ProcessFacts: Sendable {
    let pid: pid_t

    /// Resident memory, in MB: what other programs could have if it ended.
    var megabytes: Double { status("VmRSS").map { $0 / 1_024 } ?? .nan }
    /// The most that it was since `resetPeak()`.
    var peakMegabytes: Double { status("VmHWM").map { $0 / 1_024 } ?? .nan }

    func resetPeak() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/\(pid)/clear_refs")) }

    /// Seconds of processor time that it has used.
    var processorSeconds: Double {
        // The name of the program, in brackets, may have spaces in it.
        let fields = text("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// How often one of its threads has waited for something.
    var wakeUps: Double {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return threads.reduce(0) { $0 + (status("voluntary_ctxt_switches", of: "task/\($1)/status") ?? 0) }
    }

    private func status(_ name: String, of file: String = "status") -> Double? {
        let line = text(file).split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
    }

    private func text(_ file: String) -> String {
        (try? String(contentsOfFile: "/proc/\(pid)/\(file)", encoding: .utf8)) ?? ""
    }
}
