import CCurl

/// Sends mails by SMTP. Connections stay open for the next mail; encryption and log-in happen once for each.
public final class SMTPClient: Sendable {
    private let server: SMTPServer
    private let pool: CurlPool

    public init(_ server: SMTPServer) {
        self.server = server
        pool = CurlPool(threads: server.connections)
    }

    /// Breaks off what is being sent.
    public func close() { pool.close() }

    /// Sends one mail to one recipient.
    /// - Parameters:
    ///   - message: ASCII lines that end in CR LF.
    ///   - sender: the address to return it to.
    /// - Returns: what the server said when it took the mail.
    public func send(
        _ message: [UInt8], from sender: String, to recipient: String
    ) async throws(SMTPError) -> String {
        guard Self.isEnvelopeAddress(sender) else { throw Self.unfit(sender) }
        guard Self.isEnvelopeAddress(recipient) else { throw Self.unfit(recipient) }
        let result: Result<String, SMTPError>
        do throws(CurlFailure) {
            result = try await pool.run { handle in
                self.set(up: handle)
                handle.set(CURLOPT_MAIL_FROM, "<\(sender)>")
                handle.set(CURLOPT_MAIL_RCPT, ["<\(recipient)>"])
                handle.set(CURLOPT_UPLOAD, 1)
                handle.set(upload: message)
                return Self.verdict(on: handle.perform(), handle)
            }
        } catch {
            switch error {
            case .brokenOff: throw Self.brokenOff
            case .unavailable(let reason): throw SMTPError(code: .serverUnavailable, description: reason)
            }
        }
        return try result.get()
    }

    private static let brokenOff = SMTPError(code: .cancelled, description: "it was broken off")

    private func set(up handle: CurlHandle) {
        handle.set(CURLOPT_URL, server.url)
        handle.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        handle.set(CURLOPT_PROXY, "")
        handle.set(timeout: server.timeout, connecting: server.timeout)
        handle.set(CURLOPT_USE_SSL, Int((server.mustEncrypt ? CURLUSESSL_ALL : CURLUSESSL_NONE).rawValue))
        handle.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let file = server.authorities { handle.set(CURLOPT_CAINFO, file) }
        if let user = server.user {
            handle.set(CURLOPT_USERNAME, user)
            handle.set(CURLOPT_PASSWORD, server.password ?? "")
        }
    }

    // MARK: Addresses

    /// Nothing that could be another command, or more than one address: printable ASCII with an @ in it.
    static func isEnvelopeAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        let forbidden = Array("<>()[]\\,;:\"".utf8)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !forbidden.contains($0) }
    }

    private static func unfit(_ address: String) -> SMTPError {
        SMTPError(
            code: .never,
            description: "the address '\(address)' cannot be written to by SMTP: expected NAME@HOST in ASCII")
    }

    // MARK: Replies

    private static func verdict(on result: CURLcode, _ handle: CurlHandle) -> Result<String, SMTPError> {
        let reply = lastReply(in: handle.lines)
        switch result {
        case CURLE_OK: return .success(reply?.text ?? "")
        case CURLE_ABORTED_BY_CALLBACK: return .failure(brokenOff)
        default:
            let isAboutMail = ["MAIL", "RCPT", "DATA"].contains(handle.lastCommand)
            let refusal = reply.flatMap { $0.code >= 400 ? $0 : nil }
            return .failure(
                SMTPError(
                    code: code(of: refusal?.code, isAboutMail: isAboutMail),
                    description: refusal?.text ?? handle.reason(result)))
        }
    }

    /// What a server says of itself and of us, it says whatever the mail (RFC 3463, 4954, 5321).
    private static func code(of reply: Int?, isAboutMail: Bool) -> SMTPError.Code {
        guard isAboutMail else { return .serverUnavailable }
        switch reply {
        case 421, 454, 530, 534, 535, 538: return .serverUnavailable
        case .some(500...599): return .never
        default: return .notNow
        }
    }

    /// `550-` lines and the `550 ` that ends them, in one.
    private static func lastReply(in lines: [String]) -> (code: Int, text: String)? {
        guard let last = lines.last, let code = Int(last.prefix(3)) else { return nil }
        var reply: [String] = [last]
        for line in lines.dropLast().reversed() {
            guard line.hasPrefix("\(code)-") else { break }
            reply.insert(String(line.dropFirst(4)), at: 0)
        }
        if reply.count > 1 {
            reply[reply.count - 1] = String(last.dropFirst(4))
            reply[0] = "\(code) \(reply[0])"
        }
        return (code, reply.joined(separator: " "))
    }
}
