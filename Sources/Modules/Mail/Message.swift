import HandlerRuntime
import JSON
import ShopContracts

/// An address with a name, as it stands in a From header.
struct Mailbox: Sendable, Equatable {
    let name: String
    let address: String

    /// - Parameter text: `Name <address>` or an address alone.
    init(_ text: String) {
        let parts = text.split(separator: "<", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let end = parts[1].firstIndex(of: ">") else {
            name = ""
            address = text
            return
        }
        name = String(parts[0].trimming(" "))
        address = String(parts[1][..<end])
    }

    var domain: String { String(address.split(separator: "@").last ?? "localhost") }
}

/// A mail as RFC 5322 and MIME want it: ASCII lines of bounded length that end in CR LF.
struct Message: Sendable {
    let text: [UInt8]

    /// - Parameters:
    ///   - messageID: derived from the event that asked for the mail, so that a repeat can be told as one.
    ///   - date: unix seconds.
    init(_ mail: Mail, from sender: Mailbox, messageID: String, date: UInt64) {
        let from = sender.name.isEmpty ? sender.address : "\(EncodedWord.phrase(sender.name)) <\(sender.address)>"
        var headers = [
            "From: \(from)",
            "To: \(Self.recipient(of: mail))",
            "Subject: \(EncodedWord.text(mail.subject))",
            "Date: \(MailDate.text(date))",
            "Message-ID: <\(messageID)>",
            "MIME-Version: 1.0",
        ]
        let body: String
        if let html = mail.html {
            headers.append("Content-Type: multipart/alternative; boundary=\"\(Self.boundary)\"")
            body = Self.alternatives([("plain", mail.body), ("html", html)])
        } else {
            headers.append(Self.partHeaders("plain"))
            body = QuotedPrintable.encode(mail.body)
        }
        text = Array((headers.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    /// No quoted-printable text has this in it.
    private static let boundary = "=_ordershop"

    private static func partHeaders(_ kind: String) -> String {
        "Content-Type: text/\(kind); charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    }

    /// The same thing several times, best last.
    private static func alternatives(_ parts: [(kind: String, text: String)]) -> String {
        let texts = parts.map { part in
            "--\(boundary)\r\n\(partHeaders(part.kind))\r\n\r\n\(QuotedPrintable.encode(part.text))\r\n"
        }
        return texts.joined() + "--\(boundary)--\r\n"
    }

    /// Commands take addresses only, but events of another program may hold anything: such a mail goes to nobody.
    private static func recipient(of mail: Mail) -> String {
        Schema.email.violations(in: .string(mail.to)).isEmpty ? mail.to : "undisclosed-recipients:;"
    }
}

extension Substring {
    fileprivate func trimming(_ character: Character) -> Substring {
        var text = self
        while text.last == character { text.removeLast() }
        while text.first == character { text.removeFirst() }
        return text
    }
}
