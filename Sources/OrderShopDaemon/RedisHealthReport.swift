/// What a Redis keeps and what is wrong with it, by what it tells of itself.
struct RedisHealthReport: Sendable, Equatable {
    /// What is still there after Redis or its machine ended in the worst moment.
    enum Keeps: String {
        case everyWrite = "every write"
        case allButASecond = "all but a second"
        case allButHalfAMinute = "all but half a minute"
        /// How often the file is synced to the disk is not told.
        case appendOnlyFile = "an append-only file"
        case snapshots = "snapshots only"
        case nothing = "nothing"
        case unknown = "unknown"
    }

    /// What INFO says; empty where it may not be asked.
    let info: [String: String]
    /// What CONFIG GET says; managed servers often forbid it.
    let settings: [String: String]

    var version: String? { info["redis_version"] }
    var isReplica: Bool { info["role"] == "slave" }

    var keeps: Keeps {
        switch (info["aof_enabled"], settings["appendfsync"], settings["save"]) {
        case ("1", "always", _): .everyWrite
        case ("1", "everysec", _): .allButASecond
        case ("1", "no", _): .allButHalfAMinute
        case ("1", _, _): .appendOnlyFile
        case ("0", _, ""): .nothing
        case ("0", _, _): .snapshots
        default: .unknown
        }
    }

    /// Whether keys are deleted when memory is short.
    var evicts: Bool { hasMemoryLimit && policy != "noeviction" }

    private var policy: String { info["maxmemory_policy"] ?? settings["maxmemory-policy"] ?? "noeviction" }
    private var hasMemoryLimit: Bool { number("maxmemory") ?? 0 > 0 }
    private func number(_ fact: String) -> Int64? { info[fact].flatMap { Int64($0) } }

    /// Why `redis.require: persistent` does not take this Redis, and what to do; nil: it does.
    var unfitness: String? {
        switch keeps {
        case .snapshots, .nothing:
            return "it keeps no append-only file: set appendonly yes in its configuration, and while it runs with "
                + "redis-cli CONFIG SET appendonly yes"
        case .unknown: return "it does not tell what it keeps: let this user call INFO"
        case .everyWrite, .allButASecond, .allButHalfAMinute, .appendOnlyFile: break
        }
        return evicts ? "it deletes keys when memory is short: set maxmemory-policy noeviction" : nil
    }

    // MARK: What is wrong

    /// What an operator should know, each a sentence about this Redis.
    var warnings: [String] {
        [forgets, old, eviction, fullness, replica, replicas, fileError, snapshotError, rewriteError, pause]
            .compactMap(\.self)
    }

    private var forgets: String? {
        switch keeps {
        case .snapshots: "it keeps no append-only file: what came after its last snapshot is lost when it ends"
        case .nothing: "it keeps no append-only file and no snapshots: all is lost when it ends"
        case .allButHalfAMinute: "appendfsync is no: half a minute of writes is lost when its machine ends"
        case .unknown: "it does not tell what it keeps: INFO is not permitted to this user"
        case .everyWrite, .allButASecond, .appendOnlyFile: nil
        }
    }

    /// `ZRANGE … BYSCORE` and `XRANGE` behind an id came with 6.2.
    private var old: String? {
        guard let version else { return nil }
        let numbers = version.split(separator: ".").prefix(2).compactMap { Int($0) }
        let isOld = numbers.count == 2 && numbers.lexicographicallyPrecedes([6, 2])
        return isOld ? "it is \(version), and the shop needs commands of 6.2" : nil
    }

    private var eviction: String? {
        guard evicts else { return nil }
        return policy.hasPrefix("volatile")
            ? "maxmemory-policy is \(policy): when memory is short it deletes the modules' leases; set noeviction"
            : "maxmemory-policy is \(policy): when memory is short it deletes the shop's keys; set noeviction"
    }

    private var fullness: String? {
        guard let limit = number("maxmemory"), limit > 0, let used = number("used_memory") else { return nil }
        if used >= limit { return evicts ? nil : "it has reached its maxmemory and takes no writes" }
        return used / 9 >= limit / 10 ? "more than nine tenths of its maxmemory are used" : nil
    }

    private var replica: String? {
        guard isReplica else { return nil }
        return info["master_link_status"] == "down"
            ? "it is a replica that has lost its primary" : "it is a replica and takes no writes"
    }

    private var replicas: String? {
        guard let wanted = settings["min-replicas-to-write"].flatMap({ Int64($0) }), wanted > 0,
            settings["min-replicas-max-lag"] != "0", let good = number("min_slaves_good_slaves"), good < wanted
        else { return nil }
        return "it takes no writes: it has \(good) of the \(wanted) good replicas of min-replicas-to-write"
    }

    private var fileError: String? {
        guard info["aof_enabled"] == "1", let status = info["aof_last_write_status"], status != "ok" else {
            return nil
        }
        return "it cannot write its append-only file and takes no writes: make room on its disk"
    }

    private var snapshotError: String? {
        guard let status = info["rdb_last_bgsave_status"], status != "ok", settings["save"] != "" else {
            return nil
        }
        return settings["stop-writes-on-bgsave-error"] == "no"
            ? "its last snapshot failed: see its log"
            : "its last snapshot failed, so it takes no writes: see its log and its disk"
    }

    private var rewriteError: String? {
        guard info["aof_enabled"] == "1", let status = info["aof_last_bgrewrite_status"], status != "ok" else {
            return nil
        }
        return "it could not rewrite its append-only file, which goes on growing: see its log and its disk"
    }

    private var pause: String? {
        guard settings["no-appendfsync-on-rewrite"] == "yes", keeps == .everyWrite || keeps == .allButASecond else {
            return nil
        }
        return "no-appendfsync-on-rewrite is yes: while it rewrites its file, half a minute of writes can be lost"
    }
}
