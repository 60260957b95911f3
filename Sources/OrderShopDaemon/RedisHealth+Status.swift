import EventStore
import JSON
import Redis

/// How Redis's health is shown.
extension RedisHealth {
    /// As `daemon.status` shows it. While Redis is away, what it said last.
    func json(isEmbedded: Bool) -> JSONValue {
        let (report, findings) = (report, findings)
        return [
            "address": .string("\(redis.address)"),
            "embedded": .bool(isEmbedded),
            "connected": .bool(redis.isConnected),
            "version": report?.version.map { .string($0) } ?? .null,
            "role": report?.role.map { .string($0) } ?? .null,
            "persistence": .string(report?.persistence ?? "unknown"),
            "keeps": .string((report?.keeps ?? .unknown).rawValue),
            "warnings": .array((report?.warnings ?? []).map { .string($0) }),
            "lost": .array(findings.losses.map(\.json)),
            "rewound": .array(findings.rewinds.map(\.json)),
            "unreadable": .number(JSONNumber(Int64(findings.revisionsAhead))),
        ]
    }

    /// For the one sentence of `systemctl status`.
    var complaints: [String] {
        var complaints = redis.isConnected ? (report?.warnings ?? []).map { "Redis: \($0)" } : ["Redis is away"]
        if !findings.losses.isEmpty { complaints.append("Redis has lost events: see ordershopctl status") }
        return complaints
    }
}

extension RedisHealthReport {
    fileprivate var role: String? { info["role"].map { $0 == "master" ? "primary" : "replica" } }

    fileprivate var persistence: String {
        switch info["aof_enabled"] {
        case "1": "append-only file"
        case "0": "snapshots at most"
        default: "unknown"
        }
    }
}

extension DataLoss {
    fileprivate var json: JSONValue {
        [
            "after": .string("\(kept)"), "up_to": .string("\(lost)"),
            "since": .number(JSONNumber(Int64(kept.seconds))),
            "seconds": .number(JSONNumber(Int64(lost.seconds) - Int64(kept.seconds))),
        ]
    }
}

extension CheckpointRewind {
    fileprivate var json: JSONValue {
        [
            "module": .string(module), "stream": .string("\(stream)"), "from": .string("\(from)"),
            "to": .string("\(to)"),
        ]
    }
}
