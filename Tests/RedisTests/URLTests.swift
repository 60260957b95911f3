import Redis
import Testing

@Suite struct `Redis URLs` {
    typealias Address = RedisConfiguration.Address

    struct Good: Sendable {
        let url: String
        let address: Address
        var user: String?
        var password: String?
        var database = 0
        var tls = false
    }

    static let good: [Good] = [
        Good(url: "unix:///run/redis.sock", address: .unix(path: "/run/redis.sock")),
        Good(url: "unix:///a%20b/r.sock?db=7", address: .unix(path: "/a b/r.sock"), database: 7),
        Good(url: "redis://localhost", address: .tcp(host: "localhost", port: 6379)),
        Good(url: "redis://localhost:1/", address: .tcp(host: "localhost", port: 1)),
        Good(url: "redis://10.0.0.1:65535/15", address: .tcp(host: "10.0.0.1", port: 65535), database: 15),
        Good(url: "redis://[::1]:7000/2", address: .tcp(host: "::1", port: 7000), database: 2),
        Good(url: "redis://[fe80::1]", address: .tcp(host: "fe80::1", port: 6379)),
        Good(
            url: "redis://shop:p%40ss%3A%2F%C3%BC@h:1", address: .tcp(host: "h", port: 1), user: "shop",
            password: "p@ss:/ü"),
        Good(url: "redis://:a:b@h:1", address: .tcp(host: "h", port: 1), password: "a:b"),
        Good(url: "redis://u:p@q@h:1", address: .tcp(host: "h", port: 1), user: "u", password: "p@q"),
        Good(
            url: "rediss://u%20v:p@redis.example:6380/1", address: .tcp(host: "redis.example", port: 6380),
            user: "u v", password: "p", database: 1, tls: true),
    ]

    @Test(arguments: good) func `are understood`(_ good: Good) throws {
        let configuration = try RedisConfiguration(url: good.url)
        #expect(configuration.address == good.address)
        #expect(configuration.username == good.user)
        #expect(configuration.password == good.password)
        #expect(configuration.database == good.database)
        #expect((configuration.tls != nil) == good.tls)
    }

    @Test(arguments: [
        "", "localhost:6379", "http://h", "REDIS://h", "unix://", "unix:///", "unix://run/r.sock", "unix:///r?x=1",
        "unix:///r?db=", "unix:///r?db=-1", "unix:///r?db=one", "unix:///%zz", "redis://", "redis://:6379",
        "redis://h:", "redis://h:0", "redis://h:65536", "redis://h:+1", "redis://h:x", "redis://h/x",
        "redis://h/1/2",
        "redis://h/-1", "redis://::1:6379", "redis://[::1", "redis://[::1]6379", "redis://[]:1", "redis://geheim@h",
        "redis://u:@h", "redis://u:%geheim@h", "redis://u:%F@h", "redis://u:%ff@h", "redis://h?db=1", "redis://h#1",
        "redis://h,i", "redis+cluster://", "redis+cluster://h,", "redis+cluster://h/1", "redis+cluster://u:geheim@",
        "redis+sentinel://h", "redis+sentinel://h/", "redis+sentinel://h//1", "redis+sentinel://h/shop/x",
        "redis+sentinel://:geheim@h:x/shop", "redis+other://h", "redis+unix:///r",
    ])
    func `that cannot be used are refused, with a reason and without secrets`(url: String) throws {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.isEmpty == false)
        #expect(error?.message.contains("geheim") == false)
    }

    @Test func `name the nodes of a cluster of which one is asked for the others`() throws {
        let configuration = try RedisConfiguration(url: "rediss+cluster://shop:geheim@a,[::1]:7001,c:7002/")
        let seeds: [Address] = [
            .tcp(host: "a", port: 6379), .tcp(host: "::1", port: 7001), .tcp(host: "c", port: 7002),
        ]
        #expect(configuration.topology == .cluster(seeds: seeds))
        #expect(configuration.address == seeds[0])
        #expect(configuration.username == "shop" && configuration.password == "geheim")
        #expect(configuration.tls != nil)
        #expect("\(configuration)" == "the cluster of a:6379, [::1]:7001, c:7002 (TLS), user shop")
    }

    @Test func `name Sentinels, and the primary as they know it`() throws {
        let configuration = try RedisConfiguration(url: "redis+sentinel://:geheim@a,b:5000/my%2Fshop/3")
        let seeds: [Address] = [.tcp(host: "a", port: 26379), .tcp(host: "b", port: 5000)]
        #expect(configuration.topology == .sentinel(seeds: seeds, primary: "my/shop"))
        #expect(configuration.password == "geheim" && configuration.sentinelPassword == nil)
        #expect(configuration.database == 3)
        #expect("\(configuration)" == "my/shop by the Sentinels a:26379, b:5000, database 3")
        #expect(try RedisConfiguration(url: "redis+sentinel://a/shop").database == 0)
    }

    @Test func `a configuration never shows its password`() throws {
        let configuration = try RedisConfiguration(url: "rediss://shop:geheim@h:1/2")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("geheim"))
        }
        #expect("\(configuration)" == "h:1 (TLS), user shop, database 2")
    }
}
