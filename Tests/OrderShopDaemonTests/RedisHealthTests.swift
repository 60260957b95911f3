import Testing

@testable import OrderShopDaemon

@Suite struct `What a Redis tells of itself` {
    private static let info = [
        "redis_version": "7.0.15", "role": "master", "aof_enabled": "1", "aof_last_write_status": "ok",
        "aof_last_bgrewrite_status": "ok", "rdb_last_bgsave_status": "ok", "maxmemory": "0",
        "maxmemory_policy": "noeviction", "used_memory": "1000000",
    ]
    private static let settings = [
        "appendfsync": "always", "save": "", "min-replicas-to-write": "0", "min-replicas-max-lag": "10",
        "stop-writes-on-bgsave-error": "yes", "no-appendfsync-on-rewrite": "no",
    ]

    private func report(
        _ info: [String: String] = [:], _ settings: [String: String] = [:]
    ) -> RedisHealthReport {
        RedisHealthReport(
            info: Self.info.merging(info) { $1 }, settings: Self.settings.merging(settings) { $1 })
    }

    @Test(arguments: [
        ("1", "always", "", RedisHealthReport.Keeps.everyWrite, true),
        ("1", "everysec", "", .allButASecond, true),
        ("1", "no", "", .allButHalfAMinute, true),
        ("0", "always", "3600 1", .snapshots, false),
        ("0", "always", "", .nothing, false),
    ])
    func `says what it keeps, and whether that is persistent`(
        file: String, sync: String, save: String, keeps: RedisHealthReport.Keeps, isFit: Bool
    ) {
        let report = report(["aof_enabled": file], ["appendfsync": sync, "save": save])
        #expect(report.keeps == keeps)
        #expect((report.unfitness == nil) == isFit)
    }

    @Test func `is judged by INFO where CONFIG is forbidden, and is unknown where both are`() {
        let managed = RedisHealthReport(info: Self.info, settings: [:])
        #expect(managed.keeps == .appendOnlyFile && managed.unfitness == nil && managed.warnings == [])
        let silent = RedisHealthReport(info: [:], settings: [:])
        #expect(silent.keeps == .unknown && silent.unfitness != nil && silent.warnings.count == 1)
    }

    @Test func `gives no cause for a warning where all is well`() { #expect(report().warnings == []) }

    @Test(arguments: [
        (["aof_enabled": "0"], [:], "no append-only file"),
        (["aof_enabled": "0"], ["save": "60 1"], "last snapshot is lost"),
        ([:], ["appendfsync": "no"], "half a minute"),
        (["redis_version": "6.0.16"], [:], "it is 6.0.16"),
        (["maxmemory": "1", "maxmemory_policy": "allkeys-lru"], [:], "deletes the shop's keys"),
        (["maxmemory": "1", "maxmemory_policy": "volatile-ttl"], [:], "leases"),
        (["maxmemory": "1000000"], [:], "has reached its maxmemory"),
        (["maxmemory": "1100000"], [:], "nine tenths"),
        (["role": "slave", "master_link_status": "up"], [:], "takes no writes"),
        (["role": "slave", "master_link_status": "down"], [:], "lost its primary"),
        (["min_slaves_good_slaves": "1"], ["min-replicas-to-write": "2"], "1 of the 2 good replicas"),
        (["aof_last_write_status": "err"], [:], "cannot write its append-only file"),
        (["rdb_last_bgsave_status": "err"], ["save": "60 1"], "so it takes no writes"),
        (["aof_last_bgrewrite_status": "err"], [:], "could not rewrite"),
        ([:], ["no-appendfsync-on-rewrite": "yes"], "while it rewrites"),
    ])
    func `is one warning for each thing that is wrong`(
        info: [String: String], settings: [String: String], warning: String
    ) {
        let warnings = report(info, settings).warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains(warning) == true)
    }

    @Test(arguments: [
        ["maxmemory_policy": "allkeys-lru"], ["redis_version": "6.2.0"], ["redis_version": "10.0.1"],
        ["maxmemory": "100000000"], ["rdb_last_bgsave_status": "err"],
    ])
    func `is no warning for what does no harm`(info: [String: String]) { #expect(report(info).warnings == []) }
}
