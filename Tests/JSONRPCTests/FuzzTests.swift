import Foundation
import JSON
import NIOCore
import Testing

@testable import JSONRPC

/// By inputs of an own generator: the same seed makes the same ones. `FUZZ_INPUTS` says how many, `FUZZ_SEED` where
/// to begin; a failure names the seed of its input, with which it can be had alone (`FUZZ_SEED=… FUZZ_INPUTS=1`).
@Suite(.timeLimit(.minutes(60))) struct Fuzz {
    private static let count = number("FUZZ_INPUTS") ?? 50_000
    private static let seed = number("FUZZ_SEED") ?? 1
    private static let sentinel = Array(#"{"jsonrpc":"2.0","method":"still there"}"#.utf8)

    @Test func `whatever comes, messages are found, answered in JSON, and the next one is understood`() async {
        print("fuzzing framing and codec with \(Self.count) inputs from seed \(Self.seed)")
        let workers = UInt64(ProcessInfo.processInfo.activeProcessorCount)
        await withDiscardingTaskGroup { group in
            for worker in 0..<workers {
                group.addTask {
                    for index in stride(from: worker, to: Self.count, by: Int(workers)) {
                        Self.run(seed: Self.seed &+ index)
                        // The other tests want the threads, too.
                        if index % 64 < workers { await Task.yield() }
                    }
                }
            }
        }
    }

    private static func run(seed: UInt64) {
        // A requirement that failed is recorded already.
        do { try check(seed: seed) } catch is ExpectationFailedError {} catch {
            Issue.record(error, "what was written cannot be read: \(seed)")
        }
    }

    private static func check(seed: UInt64) throws {
        var input = FuzzInput(seed: seed)
        let bytes = input.bytes
        // A text that was left open may take the first one in, but not the second.
        let all = bytes + [0x0A] + sentinel + [0x0A] + sentinel + [0x0A]
        let frames = split([all[...]])
        try #require(split(input.pieces(of: all)) == frames, "the pieces matter: \(seed)")
        try #require(frames.contains(.message(ByteBuffer(bytes: sentinel))), "it does not recover: \(seed)")
        for case .message(let message) in frames {
            try #require(message.readableBytes <= limits.messageSize, "a message is too long: \(seed)")
            try checkCodec(Array(message.readableBytesView), seed)
        }
    }

    /// What is read is written so that it reads the same, and every answer is JSON on one line.
    private static func checkCodec(_ message: [UInt8], _ seed: UInt64) throws {
        if let value = try? JSONValue(parsing: message, maxDepth: limits.depth) {
            try #require(try JSONValue(parsing: value.bytes) == value, "it is written as something else: \(seed)")
        }
        switch Incoming(message, from: Caller(peer: nil, connection: nil), limits: limits) {
        case .refused(let error): try checkAnswer(Answer.error(error, id: .null), seed)
        case .one(let request): try checkAnswer(request, seed)
        case .batch(let requests): for request in requests { try checkAnswer(request, seed) }
        }
    }

    private static func checkAnswer(_ request: Incoming.Request, _ seed: UInt64) throws {
        switch request {
        case .invalid(let error, let id): try checkAnswer(Answer.error(error, id: id), seed)
        case .call(let call):
            guard let id = call.id else { return }
            try checkAnswer(Answer.result(call.params ?? .null, id: id), seed)
        }
    }

    private static func checkAnswer(_ answer: [UInt8], _ seed: UInt64) throws {
        try #require(!answer.contains(0x0A), "an answer has a line break: \(seed)")
        let value = try JSONValue(parsing: answer)
        try #require(value["jsonrpc"] == "2.0" && value["id"] != nil, "an answer is none: \(seed)")
    }

    private static func split(_ pieces: [ArraySlice<UInt8>]) -> [MessageSplitter.Frame] {
        var splitter = MessageSplitter(limit: limits.messageSize, maxDepth: limits.depth)
        var frames: [MessageSplitter.Frame] = []
        for piece in pieces {
            splitter.push(ByteBuffer(bytes: piece))
            while let frame = splitter.next() { frames.append(frame) }
        }
        if let frame = splitter.end() { frames.append(frame) }
        return frames
    }

    /// Small, so that they are met often.
    private static let limits = {
        var limits = JSONRPCLimits()
        (limits.messageSize, limits.depth) = (150, 8)
        return limits
    }()

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
