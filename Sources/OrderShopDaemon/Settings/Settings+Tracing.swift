extension Settings {
    /// What is recorded of how requests go through the shop.
    public struct Tracing: Sendable, Equatable {
        /// The part of the requests without a trace of their own that is traced, from 0 to 1.
        var sample = 0.0
        /// How many spans are kept.
        var keep = 0
        /// Of an OpenTelemetry collector, without a slash at its end; nil: none.
        var endpoint: String?
    }
}

extension SettingsOption {
    static func part(_ text: String) throws(Unacceptable) -> Double {
        guard let part = Double(text) else { throw Unacceptable(reason: "is no number") }
        guard (0...1).contains(part) else { throw Unacceptable(reason: "is out of range") }
        return part
    }

    static func collector(_ text: String) throws(Unacceptable) -> String {
        let scheme = ["http://", "https://"].first { text.hasPrefix($0) }
        guard let scheme else { throw Unacceptable(reason: "begins with neither http:// nor https://") }
        let rest = text.dropFirst(scheme.count)
        guard let first = rest.first, first != "/", rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Unacceptable(reason: "names no host")
        }
        guard !rest.contains("@"), !rest.contains("?"), !rest.contains("#") else {
            throw Unacceptable(reason: "has more than a host, a port and a path")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
