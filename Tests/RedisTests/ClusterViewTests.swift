import NIOCore
@testable import Redis
import Testing

@Suite struct `What a node says of its cluster` {
    typealias Address = RedisConfiguration.Address

    static let nodes = """
        a1 10.0.0.1:6379@16379,one.example myself,master - 0 0 3 connected 0-99 101 [100->-b2] [7-<-c3]
        b2 10.0.0.2:6379@16379,two.example master - 0 1 2 connected 200-300
        c3 ::1:7000@17000 master,fail - 1 1 1 disconnected 400
        d4 :7001@17001 slave b2 0 1 2 connected
        e5 :0@0 master,noaddr - 1 1 1 disconnected 500
        """

    private func view(slot: Int64, state: String = "ok", prefersNames: Bool = false) throws -> ClusterView {
        let replies: [RedisValue] = [
            .integer(slot), .bulk(ByteBuffer(string: "cluster_state:\(state)\r\n")),
            .bulk(ByteBuffer(string: Self.nodes)),
        ]
        return try ClusterView(replies, from: .tcp(host: "h", port: 1), prefersNames: prefersNames)
    }

    @Test func `names the owner of a slot, itself by the address at which it was reached`() throws {
        #expect(try view(slot: 99).owner?.address == .tcp(host: "h", port: 1))
        #expect(try view(slot: 101).isHome)
        #expect(try view(slot: 250).owner?.address == .tcp(host: "10.0.0.2", port: 6379))
        #expect(try view(slot: 400).owner?.address == .tcp(host: "::1", port: 7000))
        #expect(try view(slot: 7).owner?.id == "a1")
        #expect(try view(slot: 100).owner == nil)
        #expect(try view(slot: 500).owner == nil)
    }

    @Test func `names others as their certificates do, where TLS is spoken`() throws {
        let view = try view(slot: 250, prefersNames: true)
        #expect(view.owner?.address == .tcp(host: "two.example", port: 6379))
        #expect(view.nodes.map(\.address).contains(.tcp(host: "::1", port: 7000)))
    }

    @Test func `puts a node without an address on the host that was asked`() throws {
        #expect(try view(slot: 0).nodes.last?.address == .tcp(host: "h", port: 7001))
    }

    @Test func `tells a slot that it gives away, and is not the one to talk to while the cluster is down`() throws {
        #expect(try view(slot: 100).isMoving)
        #expect(try !view(slot: 7).isMoving)
        #expect(try !view(slot: 99, state: "fail").isHome)
        #expect(try view(slot: 99).otherPrimaries.map(\.id) == ["b2"])
    }

    @Test(arguments: [
        ("ASK 3999 127.0.0.1:6381", Redirection.ask(host: "127.0.0.1", port: 6381)),
        ("ASK 3999 ::1:6381", .ask(host: "::1", port: 6381)), ("ASK 3999 :6381", .ask(host: nil, port: 6381)),
        ("ASK 3999", .later), ("ASK 3999 h:x", .later), ("TRYAGAIN Multiple keys", .later),
        ("MOVED 3999 127.0.0.1:6381", .elsewhere), ("CLUSTERDOWN The cluster is down", .elsewhere),
    ])
    func `its refusals say where to go`(reply: String, redirection: Redirection) throws {
        let error = RedisError.server(reply: reply)
        #expect(Redirection(ofCluster: try #require(error.serverCode), error.message) == redirection)
    }

    @Test(arguments: ["WRONGTYPE x", "NOSCRIPT x", "OOM x", "BUSY x", "ERR x", "MINE x"])
    func `any other error is the caller's`(reply: String) throws {
        let error = RedisError.server(reply: reply)
        #expect(Redirection(ofCluster: try #require(error.serverCode), error.message) == nil)
        #expect(Redirection(ofReplicated: try #require(error.serverCode)) == nil)
    }
}
