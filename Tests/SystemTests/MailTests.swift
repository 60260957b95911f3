import JSON
import TestKit
import Testing

@Suite(.timeLimit(.minutes(12))) struct `Mails in the Maildir` {
    /// What Python's email module reads in each file of `new`, by recipient and subject.
    private func read(_ shop: Shop) async throws -> [JSONValue] {
        let script = """
            import email, email.policy, json, pathlib, sys
            mails = []
            for file in sorted(pathlib.Path(sys.argv[1], "new").iterdir()):
                raw = file.read_bytes()
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                mails.append({
                    "headers": {name: str(value) for name, value in mail.items()},
                    "names": [name for name, value in mail.items() if name != "Content-Transfer-Encoding"],
                    "to": [a.addr_spec for a in mail["To"].addresses],
                    "from": [a.addr_spec for a in mail["From"].addresses],
                    "sender": mail["From"].addresses[0].display_name,
                    "date": mail["Date"].datetime.timestamp(),
                    "body": mail.get_body(("plain",)).get_content().replace("\\r\\n", "\\n"),
                    "defects": [str(d) for part in mail.walk() for d in part.defects]
                        + [str(d) for value in mail.values() for d in value.defects],
                    "ascii": raw.isascii(),
                    "longest": max(raw.split(b"\\r\\n"), key=len).decode(),
                    "bare": raw.replace(b"\\r\\n", b"").count(b"\\n") + raw.replace(b"\\r\\n", b"").count(b"\\r"),
                })
            print(json.dumps(mails))
            """
        let result = try await runCommand(["python3", "-c", script, shop.daemon.mailDirectory])
        try #require(result.exitCode == 0, "\(result.errors)")
        return try JSONValue(parsing: result.output.utf8.dropLast()).array ?? []
    }

    private static let headers = [
        "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
    ]

    @Test func `each is a message that any mail reader understands`() async throws {
        var options = DaemonProcess.Options()
        options.configuration = "mail:\n    from: Bäckerei „Zopf“ <shop@example.org>\n"
        let long = "Größter Tee „der Welt“ 🎈 " + String(repeating: "sehr ", count: 30) + "groß"
        try await withShop(options) { shop in
            let tea = try await shop.stock(long, 9, price: .decimal("12.5"))
            try await shop.settle()
            let zoe = try await shop.createOne("/customers", ["name": "Zoë 🎈", "email": "zoe@example.org"])
            let id = try await shop.createOne("/orders", order([tea.product, tea.product], by: zoe))
            _ = try await shop.createOne("/billings", billing(id))
            _ = try await shop.request("DELETE", "/inventory/\(tea.inventory)").taken()
            _ = try await shop.createOne("/inventory", inventory(tea.product, 1))
            _ = try await shop.request("DELETE", "/order/\(id)").taken()
            // Who is gone gets no mails but the last one.
            try await shop.settle()
            _ = try await shop.request("DELETE", "/customer/\(zoe)").taken()
            try await shop.settle()
            let mails = try await read(shop)
            let subjects = Set(mails.compactMap { $0["headers"]?["Subject"]?.string })
            #expect(
                subjects == [
                    "Welcome!", "Thank you for your order", "Your order \(id): please transfer € 25.00",
                    "We have received € 25.00", "Sold out: \(long)", "There again: \(long)",
                    "Your order is cancelled", "Goodbye!",
                ])
            for mail in mails {
                #expect(mail["defects"] == [])
                #expect(mail["names"] == .list(Self.headers))
                #expect(mail["to"] == ["zoe@example.org"])
                #expect(mail["from"] == ["shop@example.org"])
                #expect(mail["sender"] == "Bäckerei „Zopf“")
                #expect(mail["body"]?.string?.contains("Dear Zoë 🎈,") == true)
                #expect(abs((mail["date"]?.number?.double ?? 0) - History.now) < 300)
                #expect(mail["ascii"] == true)
                #expect(mail["bare"] == 0)
            }
            // RFC 2047 has less room for a line with an encoded word than RFC 5322 for any other.
            for line in mails.compactMap({ $0["longest"]?.string }) {
                #expect(line.utf8.count <= (line.contains("=?") ? 76 : 78), "\(line)")
            }
            let thanks = mails.first { $0["headers"]?["Subject"] == "Thank you for your order" }
            #expect(thanks?["body"]?.string?.contains("2 × \(long)") == true)
            let names = mails.compactMap { $0["headers"]?["Message-ID"]?.string }
            #expect(Set(names).count == 8)
            let requests = try await History(of: shop)["mail_requested"].map { "<\($0.id)@example.org>" }
            #expect(Set(names) == Set(requests))
        }
    }

    @Test func `no name and no subject gets a line of its own into the headers`() async throws {
        try await withShop { shop in
            let names = [
                "Bcc: eve@example.org", "=?utf-8?B?QmNjOiBldmVAZXhhbXBsZS5vcmc=?=", "a\u{2028}Bcc: eve@example.org",
                "\"quoted\" \\ <eve@example.org>, x", "=0D=0ABcc: eve@example.org",
                String(repeating: "ä", count: 200),
                String(repeating: "x", count: 200), " spaces  inside  ",
            ]
            for name in names {
                let tea = try await shop.stock(name, 9)
                try await shop.settle()
                let body: JSONValue = ["name": .string(name), "email": "ada@example.org"]
                let ada = try await shop.createOne("/customers", body)
                _ = try await shop.createOne("/orders", order([tea.product], by: ada))
                // The product's name goes into a subject.
                _ = try await shop.request("DELETE", "/inventory/\(tea.inventory)").taken()
            }
            for bad in ["a\nBcc: eve@example.org", "a\rBcc: eve@example.org", "a\u{0B}b", "a\u{85}b"] {
                let mail: JSONValue = ["to": "ada@example.org", "subject": .string(bad), "body": "x"]
                await #expect(throws: (any Error).self) { try await shop.call("mail.send", mail) }
                try expectProblem(await shop.request("POST", "/products", product(bad)), 422, bad)
            }
            let text =
                "From here\n.\n..\nBcc: eve@example.org\n\ntrailing  \n=3D " + String(repeating: "é", count: 300)
            let own: JSONValue = ["to": "ada@example.org", "subject": "Own", "body": .string(text)]
            _ = try await shop.call("mail.send", own)
            try await shop.settle()
            let mails = try await read(shop)
            #expect(mails.count == 4 * names.count + 1)
            for mail in mails {
                #expect(mail["names"] == .list(Self.headers))
                #expect(mail["to"] == ["ada@example.org"])
                #expect(mail["defects"] == [])
            }
            let subjects = mails.compactMap { $0["headers"]?["Subject"]?.string }.filter {
                $0.hasPrefix("Sold out: ")
            }
            #expect(Set(subjects) == Set(names.map { "Sold out: \($0)" }))
            let sent = mails.first { $0["headers"]?["Subject"] == "Own" }
            #expect(sent?["body"]?.string?.trimmingEnd == text)
        }
    }

    @Test func `a foreign reader opens the Maildir`() async throws {
        try await withShop { shop in
            _ = try await shop.create("/customers", .array((0..<20).map { customer("c\($0)") }))
            try await shop.settle()
            let script = """
                import mailbox, sys
                box = mailbox.Maildir(sys.argv[1], create=False)
                print(len(box), len([m for m in box if m["Subject"] == "Welcome!" and m.get_subdir() == "new"]))
                """
            let result = try await runCommand(["python3", "-c", script, shop.daemon.mailDirectory])
            #expect(result.output == "20 20\n", "\(result.errors)")
            #expect(try shop.unfinishedMailFiles() == [])
        }
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = self
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
