import Testing

@testable import Curl

@Suite struct `An address` {
    @Test(arguments: [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1",
        "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "2002:c0a8:101::1", "2001:db8::1", "2001::1", "::7f00:1",
    ])
    func `of a machine's own, a private network or a link is not public`(text: String) throws {
        #expect(try #require(SocketAddress(text)).isPublic == false)
    }

    @Test(arguments: [
        "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::",
    ])
    func `of the internet is public`(text: String) throws {
        #expect(try #require(SocketAddress(text)).isPublic)
    }

    @Test func `is written as it is read`() throws {
        for text in ["192.0.2.1", "2001:db8::1"] { #expect(try #require(SocketAddress(text)).description == text) }
        #expect(SocketAddress("localhost") == nil)
    }
}
