import JSON
import JSONRPC
import Synchronization

/// The methods of the specification's examples, and some to test the server with.
final class TestHandler: JSONRPCHandler {
    let gate = Gate()
    let handled = Mutex<[String]>([])
    let chunksTaken = Atomic(0)
    /// Notifications that were taken from feeds, and feeds that run.
    let notified = Atomic(0)
    let feeds = Atomic(0)

    func handle(_ call: JSONRPCCall) async throws(JSONRPCError) -> JSONRPCReply {
        handled.withLock { $0.append(call.method) }
        switch call.method {
        case "subtract": return .value(.number(JSONNumber(try subtract(call.params))))
        case "sum":
            return .value(.number(JSONNumber((call.params?.array ?? []).compactMap(\.number?.int64).reduce(0, +))))
        case "get_data": return .text(Array(#"["hello",5]"#.utf8))
        case "update", "notify_hello", "notify_sum": return .value(nil)
        case "echo": return .value(call.params ?? nil)
        case "peer": return .value(peer(call.peer))
        case "pretty": return .text(Array("{\n  \"a\": [\r\n1]\n}".utf8))
        case "big": return .value(.string(String(repeating: "x", count: 1 << 16)))
        case "wait":
            await gate.wait()
            return .value("waited")
        case "open":
            await gate.open()
            return .value(true)
        case "waiting": return .value(.number(JSONNumber(Int64(await gate.waiting))))
        case "count": return .watch("counting", feed: counting(call.params?["to"]?.number?.int64))
        case "list": return .stream(list(call.params?["count"]?.number?.int64 ?? 0))
        case "break": return .stream(breaking(after: call.params?["after"]?.number?.int64 ?? 0))
        case "nothing": return .stream(AsyncThrowingStream { nil })
        case "refuse":
            throw JSONRPCError(
                code: 42, message: "No.", data: ["errors": [["pointer": "/a", "detail": "is wrong"]]])
        default: throw .methodNotFound(call.method)
        }
    }

    private func subtract(_ params: JSONValue?) throws(JSONRPCError) -> Int64 {
        let left = params?.array?.first ?? params?["minuend"]
        let right = params?.array?.last ?? params?["subtrahend"]
        guard let left = left?.number?.int64, let right = right?.number?.int64 else {
            throw .invalidParams("Two numbers are needed.")
        }
        return left - right
    }

    private func peer(_ peer: PeerCredentials?) -> JSONValue {
        guard let peer else { return nil }
        return [
            "pid": .number(JSONNumber(Int64(peer.pid))), "uid": .number(JSONNumber(Int64(peer.uid))),
            "gid": .number(JSONNumber(Int64(peer.gid))),
            "groups": .array(peer.groups.map { .number(JSONNumber(Int64($0))) }),
        ]
    }

    /// Counts from 1, in notifications of 1 KB, without an end where none is given.
    private func counting(_ end: Int64?) -> JSONRPCFeed {
        let padding = String(repeating: "x", count: 1000)
        return { connection in
            self.feeds.add(1, ordering: .relaxed)
            defer { self.feeds.subtract(1, ordering: .relaxed) }
            var number: Int64 = 1
            while number <= end ?? .max {
                let params: JSONValue = [.number(JSONNumber(number)), .string(padding)]
                do { try await connection.notify("counted", params) } catch { return }
                self.notified.add(1, ordering: .relaxed)
                number += 1
            }
            if end == 0 { await Gate().waitForCancellation() }
        }
    }

    /// An array of that many numbers, a chunk of 10 KB for each.
    private func list(_ count: Int64) -> AsyncThrowingStream<[UInt8], any Error> {
        let next = Mutex<Int64>(-1)
        return AsyncThrowingStream {
            self.chunksTaken.add(1, ordering: .relaxed)
            let index = next.withLock { next in
                next += 1
                return next
            }
            if index > count { return nil }
            if index == count { return Array("]".utf8) }
            let text = (index == 0 ? "[" : ",\n") + "\(index)"
            return Array(text.utf8) + [UInt8](repeating: 0x20, count: 10_000)
        }
    }

    private func breaking(after count: Int64) -> AsyncThrowingStream<[UInt8], any Error> {
        let next = Mutex<Int64>(0)
        return AsyncThrowingStream {
            let index = next.withLock { next in
                next += 1
                return next
            }
            if index > count { throw Unexpected("broken") }
            return [UInt8](repeating: 0x20, count: 100_000)
        }
    }
}

/// Holds calls back until it is opened.
actor Gate {
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var isOpen = false

    var waiting: Int { waiters.count }

    func wait() async {
        if !isOpen { await withCheckedContinuation { waiters.append($0) } }
    }

    nonisolated func waitForCancellation() async {
        let (never, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
    }

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
