import CCurl
import Glibc

enum CloseOnExec { static let flag = CInt(SOCK_CLOEXEC.rawValue) }

/// An IP address: 4 or 16 bytes.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// - Parameter text: as in `192.0.2.1` or `2001:db8::1`.
    public init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: &four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: &six) { Array($0) }
        } else {
            return nil
        }
    }

    /// What libcurl is about to connect to. It lies behind what C declares of it, as IPv6's is longer.
    init?(_ address: curl_sockaddr, at pointer: UnsafeMutablePointer<curl_sockaddr>) {
        guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
        let start = UnsafeRawPointer(pointer) + offset
        switch address.family {
        case AF_INET:
            let internet = start.loadUnaligned(as: sockaddr_in.self)
            bytes = withUnsafeBytes(of: internet.sin_addr) { Array($0) }
        case AF_INET6:
            let internet = start.loadUnaligned(as: sockaddr_in6.self)
            bytes = withUnsafeBytes(of: internet.sin6_addr) { Array($0) }
        default: return nil
        }
    }

    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "\(bytes)" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether it is an address of the internet at large: none of this machine, of a private network, of a link, of a
    /// group, or kept for documentation and the like (RFC 6890).
    public var isPublic: Bool {
        if let four = mapped { return !Self.special4.contains { $0.holds(four) } }
        // All that was given out so far is 2000::/3.
        return Self.global6.holds(bytes) && !Self.special6.contains { $0.holds(bytes) }
    }

    /// Whether it is an address of this machine's own.
    public var isLoopback: Bool {
        if let four = mapped { return four[0] == 127 }
        return bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// The IPv4 address that it is, or that is wrapped in it: mapped, by NAT64, or by 6to4.
    private var mapped: [UInt8]? {
        if bytes.count == 4 { return bytes }
        let wrappings: [(Block, Int)] = [
            (Block([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 96), 12), (Block([0, 0x64, 0xFF, 0x9B], 96), 12),
            (Block([0x20, 0x02], 16), 2),
        ]
        return wrappings.first { $0.0.holds(bytes) }.map { Array(bytes[$0.1..<$0.1 + 4]) }
    }

    private struct Block: Sendable {
        let start: [UInt8]
        let bits: Int

        init(_ start: [UInt8], _ bits: Int) { (self.start, self.bits) = (start, bits) }

        func holds(_ bytes: [UInt8]) -> Bool {
            (0..<bits).allSatisfy { bit in
                let mask = UInt8(0x80) >> UInt8(bit % 8)
                let own = bit / 8 < start.count ? start[bit / 8] : 0
                return bit / 8 < bytes.count && bytes[bit / 8] & mask == own & mask
            }
        }
    }

    private static let special4: [Block] = [
        Block([0], 8), Block([10], 8), Block([100, 64], 10), Block([127], 8), Block([169, 254], 16),
        Block([172, 16], 12), Block([192, 0, 0], 24), Block([192, 0, 2], 24), Block([192, 88, 99], 24),
        Block([192, 168], 16), Block([198, 18], 15), Block([198, 51, 100], 24), Block([203, 0, 113], 24),
        Block([224], 4), Block([240], 4),
    ]
    private static let global6 = Block([0x20], 3)
    private static let special6: [Block] = [
        // Teredo and the rest of IETF's, and documentation.
        Block([0x20, 0x01, 0x00], 23), Block([0x20, 0x01, 0x0D, 0xB8], 32), Block([0x3F, 0xFF], 20),
    ]
}
