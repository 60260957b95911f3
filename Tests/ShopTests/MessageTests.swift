import Foundation
import HandlerRuntime
import JSON
import ShopContracts
import Testing

@testable import MailService

@Suite struct `A mail` {
    private static let awkward = [
        "", " ", "plain", "ends with a space ", " begins with one", "two  spaces", "tab\tin it", "=?utf-8?B?eA==?=",
        "€ 12.50", "Zoë Ångström", "日本語の件名", "👩‍👩‍👧‍👦👩🏽‍🚀", "a\"b\\c", "line\r\nBcc: eve@example.org", "\r", "\n\nBody",
        "a\u{0}b",
        String(repeating: "word ", count: 90), String(repeating: "x", count: 500),
        String(repeating: "ü", count: 300), String(repeating: "👩‍🚀 ", count: 80),
        "€" + String(repeating: "a€", count: 99),
    ]

    private static let bodies = [
        "", "a", "a\n", "\n\n", "a\r\nb\nc\rd", "trailing space \nand tab\t\n", ".", "\n.\n..\n",
        "From here\nFrom there\n",
        "=3D is not an equals sign", String(repeating: "long ", count: 400), String(repeating: "ä", count: 1_000),
        String(repeating: "x", count: 75) + " \n", String(repeating: "x", count: 76),
        "👩‍👩‍👧‍👦\n" + String(repeating: "€", count: 76),
        "\u{0}\u{7F}\u{85}\u{2028}",
    ]

    private func message(to: String = "ann@example.org", _ subject: String, _ body: String = "") -> Message {
        Message(
            Mail(id: ID(uuid(1)), to: to, subject: subject, body: body),
            from: Mailbox("Zoë's Shop <shop@example.org>"),
            messageID: "1548699679-211658@example.org", date: 1_548_699_679)
    }

    private func lines(_ message: Message) -> [String] {
        String(decoding: message.text, as: UTF8.self).components(separatedBy: "\r\n")
    }

    @Test func `is ASCII in lines of a bounded length, whatever is in it`() {
        for text in Self.awkward + Self.bodies {
            let mail = message(text, text)
            #expect(mail.text.allSatisfy { $0 < 0x80 && ($0 >= 0x20 || $0 == 0x0D || $0 == 0x0A || $0 == 0x09) })
            let all = lines(mail)
            let end = all.firstIndex(of: "") ?? 0
            for line in all { #expect(!line.contains("\n") && !line.contains("\r")) }
            for line in all[..<end] { #expect(line.utf8.count <= 998) }
            for line in all[end...] { #expect(line.utf8.count <= 76) }
        }
    }

    @Test func `has encoded words of at most 75 characters, on lines of at most 76`() throws {
        for text in Self.awkward {
            for line in lines(message(text)) where line.contains("=?utf-8?") {
                #expect(line.utf8.count <= 76, "\(line)")
                for word in line.split(separator: " ") where word.hasPrefix("=?") {
                    #expect(word.utf8.count <= 75)
                    let bytes = try #require(Data(base64Encoded: String(word.dropFirst(10).dropLast(2))))
                    #expect(String(validating: bytes, as: UTF8.self) != nil, "a character is cut")
                }
            }
        }
    }

    @Test func `has the headers that it should, each once, whatever is in it`() {
        let names = [
            "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
            "Content-Transfer-Encoding",
        ]
        for text in Self.awkward {
            let all = lines(message(text, "body"))
            let headers = all[..<(all.firstIndex(of: "") ?? 0)].filter { !$0.hasPrefix(" ") }
            #expect(headers.map { String($0.prefix { $0 != ":" }) } == names)
        }
    }

    @Test(arguments: [
        "ann@example.org\r\nBcc: eve@example.org", "ann@example.org\n\nbody", "änn@example.org", "",
        "ann@example.org, eve@example.org", String(repeating: "a", count: 2_000),
    ])
    func `goes to nobody where the address is none`(address: String) {
        let all = lines(message(to: address, "subject"))
        #expect(all.filter { $0.hasPrefix("To:") } == ["To: undisclosed-recipients:;"])
        #expect(!all.contains { $0.hasPrefix("Bcc") })
    }

    @Test func `says when it was asked for, and has its event's name`() {
        let all = lines(message("s"))
        #expect(all.contains("Date: Mon, 28 Jan 2019 18:21:19 +0000"))
        #expect(all.contains("Message-ID: <1548699679-211658@example.org>"))
        #expect(all.contains("To: ann@example.org"))
    }

    @Test(
        .enabled(if: Python.isThere, "python3 reads the mails as another program does"))
    func `is read by another program as it was meant`() throws {
        let cases = Self.awkward.map { ($0, "body") } + Self.bodies.map { ("subject", $0) }
        let read = try Python.read(cases.map { message($0.0, $0.1).text })
        #expect(read.count == cases.count)
        for ((subject, body), mail) in zip(cases, read) {
            #expect(mail["to"] == "ann@example.org")
            #expect(mail["from"] == "Zoë's Shop|shop@example.org")
            #expect(mail["defects"]?.array == [])
            // White space at a header's ends is not told apart, and line breaks in it are no line breaks any more.
            let wanted = subject.unicodeScalars.filter { !"\r\n".unicodeScalars.contains($0) }
            let got = (mail["subject"]?.string ?? "").unicodeScalars.filter { !"\r\n".unicodeScalars.contains($0) }
            #expect(
                trimmed(String(String.UnicodeScalarView(got))) == trimmed(String(String.UnicodeScalarView(wanted))))
            #expect(unix(mail["body"]?.string) == unix(body))
        }
    }

    private func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces) }

    private func unix(_ text: String?) -> String { (text ?? "").replacingOccurrences(of: "\r\n", with: "\n") }
}

@Suite struct `A mail's date` {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 +0000"), (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 +0000"),
    ])
    func `is as RFC 5322 has it`(seconds: UInt64, text: String) {
        #expect(MailDate.text(seconds) == text)
    }

    @Test func `of a time beyond all times stops nothing`() {
        #expect(MailDate.text(.max).hasSuffix("+0000"))
    }
}

@Suite struct `A sender` {
    @Test(arguments: [
        ("shop@example.org", "", "shop@example.org"),
        ("The Shop <shop@example.org>", "The Shop", "shop@example.org"),
        ("  Shop   <shop@example.org>", "Shop", "shop@example.org"), ("<shop@example.org>", "", "shop@example.org"),
    ])
    func `has a name and an address`(text: String, name: String, address: String) {
        let mailbox = Mailbox(text)
        #expect(mailbox.name == name)
        #expect(mailbox.address == address)
        #expect(mailbox.domain == "example.org")
    }
}
