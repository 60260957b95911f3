import NIOCore
import Redis
import TestKit
import Testing

@Suite struct `Over the network` {
    @Test func `by TCP`() async throws {
        let port = try RedisServer.freePort()
        try await withRedisServer(options: ["--port", "\(port)", "--bind", "127.0.0.1"]) { _ in
            for host in ["127.0.0.1", "localhost"] {
                try await withClient(RedisConfiguration(url: "redis://\(host):\(port)/1")) { redis async throws in
                    #expect(try await redis.send("SET", "k", "v") == .status("OK"))
                }
            }
        }
    }

    @Test func `a port where nobody listens is named with the reason`() async throws {
        let port = try RedisServer.freePort()
        try await withClient(RedisConfiguration(url: "redis://127.0.0.1:\(port)"), connected: false) { redis in
            let error = await #expect(throws: RedisError.self) { try await redis.send("PING") }
            #expect(error?.code == .notConnected)
            #expect(error?.message.contains("127.0.0.1:\(port): Connection refused") == true)
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `by TLS, when the certificate is of the right CA and for this host`(host: String) async throws {
        try await withTLSServer { port, certificates in
            var configuration = try RedisConfiguration(url: "rediss://\(host):\(port)")
            configuration.tls = certificates.client
            try await withClient(configuration) { redis async throws in
                let big = String(repeating: "x", count: 1_000_000)
                #expect(try await redis.send("ECHO", big).string == big)
            }
        }
    }

    @Test func `a certificate of another CA is refused`() async throws {
        try await withTLSServer { port, certificates in
            var configuration = try RedisConfiguration(url: "rediss://localhost:\(port)")
            configuration.tls = certificates.client
            configuration.tls?.caFile = certificates.otherCA
            try await expectRefusal(configuration)
        }
    }

    @Test func `a certificate for another host is refused, unless that is allowed`() async throws {
        try await withTLSServer(names: "DNS:elsewhere.example") { port, certificates in
            var configuration = try RedisConfiguration(url: "rediss://localhost:\(port)")
            configuration.tls = certificates.client
            try await expectRefusal(configuration)
            configuration.tls?.verifiesHostname = false
            try await withClient(configuration) { redis async throws in
                #expect(try await redis.send("PING") == .status("PONG"))
            }
        }
    }

    @Test func `a server that asks for a certificate refuses a client without one`() async throws {
        try await withTLSServer { port, certificates in
            var configuration = try RedisConfiguration(url: "rediss://localhost:\(port)")
            configuration.tls = RedisConfiguration.TLS(caFile: certificates.ca)
            try await withClient(configuration, connected: false) { redis in
                #expect(await errorCode { try await redis.send("PING") } == .notConnected)
            }
        }
    }

    @Test func `a CA file that is not there is named`() async throws {
        var configuration = try RedisConfiguration(url: "rediss://localhost:1")
        configuration.tls?.caFile = "/nowhere/ca.pem"
        try await withClient(configuration, connected: false) { redis in
            let error = await #expect(throws: RedisError.self) { try await redis.send("PING") }
            #expect(error?.code == .invalidURL)
            #expect(error?.message.contains("/nowhere/ca.pem") == true)
        }
    }

    private func expectRefusal(_ configuration: RedisConfiguration) async throws {
        try await withClient(configuration, connected: false) { redis in
            let error = await #expect(throws: RedisError.self) { try await redis.send("PING") }
            #expect(error?.code == .notConnected)
            #expect(error?.message.contains("TLS") == true || error?.message.contains("certificate") == true)
        }
    }

    private func withTLSServer(
        names: String = "DNS:localhost,IP:127.0.0.1", _ body: (Int, Certificates) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let certificates = try await Certificates(in: directory, names: names)
        let port = try RedisServer.freePort()
        let options = [
            "--tls-port", "\(port)", "--bind", "127.0.0.1", "--tls-cert-file", certificates.server,
            "--tls-key-file", certificates.key, "--tls-ca-cert-file", certificates.ca,
        ]
        try await withRedisServer(options: options) { _ in try await body(port, certificates) }
    }
}
