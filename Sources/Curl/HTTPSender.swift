import CCurl

/// Which servers may be sent to, and how.
public struct HTTPRules: Sendable, Equatable {
    /// Addresses of this machine, of private networks and of links, too.
    public var allowsPrivate: Bool
    /// `http://`, too. Where private addresses are allowed, it is to this machine anyway.
    public var allowsPlain: Bool
    /// PEM file of the authorities to trust; nil: those of the system.
    public var authorities: String?
    /// For all that is done about one request.
    public var timeout: Duration

    public init(
        allowsPrivate: Bool = false, allowsPlain: Bool = false, authorities: String? = nil,
        timeout: Duration = .seconds(15)
    ) {
        self.allowsPrivate = allowsPrivate
        self.allowsPlain = allowsPlain
        self.authorities = authorities
        self.timeout = timeout
    }
}

/// What a server answered.
public struct HTTPAnswer: Sendable, Equatable {
    public let status: Int
    /// The beginning of the body.
    public let excerpt: [UInt8]
    private let lines: [String]

    init(status: Int, excerpt: [UInt8], lines: [String]) {
        (self.status, self.excerpt, self.lines) = (status, excerpt, lines)
    }

    /// The last header of a name.
    public func header(_ name: String) -> String? {
        let beginning = name.lowercased() + ":"
        guard let line = lines.last(where: { $0.lowercased().hasPrefix(beginning) }) else { return nil }
        return String(line.dropFirst(beginning.count).drop { $0 == " " || $0 == "\t" })
    }
}

/// Why there is no answer to a request.
public struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The rules forbid the address.
        case forbidden
        case failed
        /// The task was cancelled, or the sender was closed.
        case cancelled
    }

    public let code: Code
    public let description: String
}

/// Sends requests by HTTP. It follows no redirection, uses no proxy, and connects to no address that the rules forbid,
/// whatever a name resolves to at that moment.
public final class HTTPSender: Sendable {
    private let rules: HTTPRules
    private let pool: CurlPool

    public init(_ rules: HTTPRules, connections: Int = 64) {
        self.rules = rules
        pool = CurlPool(threads: connections)
    }

    /// Breaks off what is being sent.
    public func close() { pool.close() }

    /// How much of an answer is kept, and how much of it is read.
    public static let kept = 1_024
    static let limit = 65_536

    /// - Parameter headers: lines without their ends.
    public func post(
        _ body: [UInt8], to url: String, headers: [String]
    ) async throws(HTTPError) -> HTTPAnswer {
        let result: Result<HTTPAnswer, HTTPError>
        do throws(CurlFailure) {
            result = try await pool.run { handle in
                self.set(up: handle, for: url)
                handle.set(CURLOPT_URL, url)
                handle.set(CURLOPT_HTTPHEADER, headers + ["Expect:"])
                handle.set(posting: body, keeping: Self.kept, reading: Self.limit)
                return self.verdict(on: handle.perform(), handle)
            }
        } catch {
            switch error {
            case .brokenOff: throw Self.brokenOff
            case .unavailable(let reason): throw HTTPError(code: .failed, description: reason)
            }
        }
        return try result.get()
    }

    private func set(up handle: CurlHandle, for url: String) {
        let isPlain = url.hasPrefix("http:")
        handle.set(CURLOPT_PROTOCOLS_STR, rules.allowsPlain || rules.allowsPrivate ? "https,http" : "https")
        handle.set(CURLOPT_FOLLOWLOCATION, 0)
        handle.set(CURLOPT_PROXY, "")
        handle.set(timeout: rules.timeout, connecting: rules.timeout)
        handle.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let file = rules.authorities { handle.set(CURLOPT_CAINFO, file) }
        if !rules.allowsPrivate {
            handle.connectOnly { $0.isPublic }
        } else if isPlain, !rules.allowsPlain {
            handle.connectOnly { $0.isLoopback }
        }
    }

    private static let brokenOff = HTTPError(code: .cancelled, description: "it was broken off")

    private func verdict(on result: CURLcode, _ handle: CurlHandle) -> Result<HTTPAnswer, HTTPError> {
        switch result {
        case CURLE_ABORTED_BY_CALLBACK: return .failure(Self.brokenOff)
        case CURLE_OK: break
        case CURLE_WRITE_ERROR where handle.isCutOff: break
        default: return .failure(error(result, handle))
        }
        return .success(
            HTTPAnswer(status: handle.responseCode, excerpt: handle.body, lines: handle.lines))
    }

    private func error(_ result: CURLcode, _ handle: CurlHandle) -> HTTPError {
        guard !handle.refusedAddresses.isEmpty else {
            return HTTPError(code: .failed, description: handle.reason(result))
        }
        let addresses = handle.refusedAddresses.map(\.description).joined(separator: ", ")
        return HTTPError(
            code: .forbidden,
            description: rules.allowsPrivate
                ? "\(addresses) is not this machine, and elsewhere only https:// is allowed"
                : "\(addresses) is a private address, and those are not allowed")
    }
}
