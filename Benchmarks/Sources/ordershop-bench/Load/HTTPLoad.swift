import Glibc
import Histogram

/// Drives keep-alive connections from one thread, so that as much as can be of the machine is left to the server.
///
/// A closed load sends on each connection when it has its answer. An open one sends by a schedule, whatever the server
/// does, and counts from the moment that the schedule says: who has to wait for a connection has waited.
struct HTTPLoad: Sendable {
    struct Result: Sendable {
        let perSecond: Double
        /// In microseconds.
        let latencies: Histogram<UInt64>
        let lastBody: String

        func milliseconds(_ percentile: Double) -> Double {
            Double(latencies.valueAtPercentile(percentile)) / 1_000
        }
    }

    let port: Int
    var connections = 32

    func closed(_ count: Int, _ request: @escaping @Sendable (Int) -> HTTPRequestBytes) async throws -> Result {
        try await onThread {
            var run = try Run(self, request)
            return try run.closed(count)
        }
    }

    /// - Parameter rate: requests a second.
    func open(
        _ count: Int, rate: Double, _ request: @escaping @Sendable (Int) -> HTTPRequestBytes
    ) async throws -> Result {
        try await onThread {
            var run = try Run(self, request)
            return try run.open(count, rate: rate)
        }
    }

    /// One request, and its answer's body.
    func body(_ request: HTTPRequestBytes) async throws -> String {
        try await HTTPLoad(port: port, connections: 1).closed(1) { _ in request }.lastBody
    }
}

/// A request as it goes over the wire.
struct HTTPRequestBytes: Sendable {
    let bytes: [UInt8]

    static func get(_ path: String) -> HTTPRequestBytes {
        HTTPRequestBytes(bytes: Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    }

    static func post(_ path: String, _ body: String) -> HTTPRequestBytes {
        let head =
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n"
        return HTTPRequestBytes(bytes: Array(head.utf8) + Array(body.utf8))
    }
}

/// One load, on one thread.
private struct Run {
    private let request: (Int) -> HTTPRequestBytes
    private var clients: [HTTPClient]
    private var polled: [pollfd]
    private var idle: [Int]
    private var latencies = Histogram<UInt64>(highestTrackableValue: 3_600_000_000)
    private var last = 0
    private var answered = 0

    init(_ load: HTTPLoad, _ request: @escaping (Int) -> HTTPRequestBytes) throws {
        self.request = request
        clients = try (0..<load.connections).map { _ in try HTTPClient(port: load.port) }
        polled = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        idle = Array(clients.indices)
    }

    mutating func closed(_ count: Int) throws -> HTTPLoad.Result {
        let start = now()
        var sent = 0
        while answered < count {
            while sent < count, let client = idle.popLast() {
                try clients[client].send(request(sent), meantFor: now())
                sent += 1
            }
            try receive(waiting: 5_000_000_000)
        }
        return result(since: start)
    }

    mutating func open(_ count: Int, rate: Double) throws -> HTTPLoad.Result {
        let start = now()
        let pause = 1e9 / rate
        var sent = 0
        while answered < count {
            var due = start + UInt64(Double(sent) * pause)
            while sent < count, due <= now(), let client = idle.popLast() {
                try clients[client].send(request(sent), meantFor: due)
                sent += 1
                due = start + UInt64(Double(sent) * pause)
            }
            let isPaused = sent == count || idle.isEmpty
            let time = now()
            try receive(waiting: isPaused ? 5_000_000_000 : due > time ? due - time : 0)
        }
        return result(since: start)
    }

    /// Takes what has come, or waits for something.
    private mutating func receive(waiting nanoseconds: UInt64) throws {
        // What is due soon does not wait for the kernel's milliseconds.
        let milliseconds = nanoseconds / 1_000_000
        let ready = poll(&polled, nfds_t(polled.count), CInt(milliseconds))
        guard ready >= 0 else { throw BenchError("poll: \(String(cString: strerror(errno)))") }
        if ready == 0, milliseconds >= 5_000 { throw BenchError("the server has not answered for 5 s") }
        if ready == 0, milliseconds == 0 { pause(min(nanoseconds, 50_000)) }
        for index in clients.indices where polled[index].revents != 0 {
            guard try clients[index].receive() else { continue }
            let latency = (now() - clients[index].meantFor) / 1_000
            latencies.record(max(1, latency))
            answered += 1
            idle.append(index)
            last = index
        }
    }

    private func result(since start: UInt64) -> HTTPLoad.Result {
        for client in clients { client.close() }
        let seconds = Double(now() - start) / 1e9
        return HTTPLoad.Result(
            perSecond: Double(answered) / seconds, latencies: latencies, lastBody: clients[last].body)
    }
}
