import Foundation

/// A real SMTP server on the loopback interface: aiosmtpd, with TLS and AUTH where they are asked for.
///
/// What it does with a mail stands in the recipient's name: `refused` (550), `greylisted` (451 twice, then taken),
/// `full` (552 behind the data), `deaf` (no answer), `dying` (the server is gone behind the data, once).
public final class MailServer: Sendable {
    public struct Options: Sendable {
        /// nil: without TLS.
        public var certificates: Certificates?
        /// TLS from the beginning, rather than by STARTTLS.
        public var isImplicit = false
        /// Nobody may send who is not `ada`, with the password `secret word`.
        public var asksForPassword = false
        /// A port that was used before; nil: a free one.
        public var port: Int?

        public init(port: Int? = nil) { self.port = port }
    }

    /// A mail that it took.
    public struct Mail: Sendable, Decodable {
        /// Counts the connections.
        public let session: Int
        public let from: String
        public let to: [String]
        public let tls: Bool
        public let login: String?
        public let file: String
        /// What Python's `email` reads in it.
        public let names: [String]
        public let messageID: String
        public let subject: String
        public let type: String
        public let text: String
        public let html: String?
        public let defects: [String]
    }

    public let port: Int
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    public static func start(_ options: Options = Options()) async throws -> MailServer {
        let port = try options.port ?? LoopbackPort.free()
        let directory = try TemporaryDirectory()
        try Data(script.utf8).write(to: URL(filePath: directory.file("server.py")))
        let process = try await ChildProcess.start(
            [
                "/usr/bin/python3", directory.file("server.py"), directory.path, String(port),
                options.certificates?.server ?? "", options.certificates?.key ?? "",
                options.isImplicit ? "implicit" : "", options.asksForPassword ? "password" : "",
            ], output: directory.file("log"))
        let server = MailServer(port: port, directory: directory, process: process)
        try await eventually("the mail server listens", within: .seconds(30)) {
            FileManager.default.fileExists(atPath: directory.file("ready"))
        }
        return server
    }

    private init(port: Int, directory: TemporaryDirectory, process: ChildProcess) {
        (self.port, self.directory, self.process) = (port, directory, process)
    }

    public func stop() { process.end(with: SIGKILL) }
    public func pause() { process.pause() }
    public func resume() { process.resume() }

    public var log: String { (try? String(contentsOfFile: directory.file("log"), encoding: .utf8)) ?? "" }

    /// In the order in which they came.
    public func mails() throws -> [Mail] {
        guard let text = try? String(contentsOfFile: directory.file("mails"), encoding: .utf8) else { return [] }
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Mail.self, from: Data($0.utf8)) }
    }

    /// The recipients that it was asked about, in order, whether it took a mail for them or not.
    public var asked: [String] {
        ((try? String(contentsOfFile: directory.file("asked"), encoding: .utf8)) ?? "").split(separator: "\n")
            .map(String.init)
    }

    private static let script = #"""
        import asyncio, email, email.policy, json, os, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

        directory, port, certificate, key, implicit, password = sys.argv[1:]
        seen, sessions, died = {}, {}, set()

        def note(name, line):
            with open(os.path.join(directory, name), "a") as file:
                file.write(line + "\n")

        def read(raw):
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
            defects = list(mail.defects) + [d for part in mail.walk() for d in part.defects]
            defects += [d for value in mail.values() for d in value.defects]
            content = lambda part: part.get_content().replace("\r\n", "\n") if part else None
            return {
                "names": [name for name, value in mail.items()], "messageID": str(mail["Message-ID"]),
                "subject": str(mail["Subject"]), "type": mail.get_content_type(), "text": content(plain) or "",
                "html": content(html), "defects": [str(d) for d in defects]}

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                note("asked", address)
                name = address.split("@")[0]
                if name == "refused":
                    return "550 5.1.1 There is nobody of that name"
                if name.startswith("greylisted"):
                    seen[address] = seen.get(address, 0) + 1
                    if seen[address] <= 2:
                        return "451 4.7.1 Come back in a while"
                envelope.rcpt_tos.append(address)
                return "250 2.1.5 OK"

            async def handle_DATA(self, server, session, envelope):
                name = envelope.rcpt_tos[0].split("@")[0]
                if name == "full":
                    return "552-5.2.2 The mailbox\r\n552 5.2.2 is full"
                number = sessions.setdefault(id(session), len(sessions) + 1)
                fact = {"session": number, "from": envelope.mail_from, "to": envelope.rcpt_tos,
                        "tls": session.ssl is not None or implicit != "", "login": None,
                        "file": os.path.join(directory, "mail-%d" % len(os.listdir(directory)))}
                if session.auth_data is not None:
                    fact["login"] = session.auth_data.login.decode()
                with open(fact["file"], "wb") as file:
                    file.write(envelope.content)
                fact.update(read(envelope.content))
                note("mails", json.dumps(fact))
                if name == "dying" and name not in died:
                    died.add(name)
                    server.transport.abort()
                    return "250 never heard"
                if name == "deaf":
                    await asyncio.sleep(3600)
                return "250 2.0.0 Taken as mail %d" % len(open(os.path.join(directory, "mails")).readlines())

        def check(server, session, envelope, mechanism, data):
            good = isinstance(data, LoginPassword) and data.login == b"ada" and data.password == b"secret word"
            return AuthResult(success=good, handled=False, auth_data=data)

        async def main():
            context = None
            if certificate:
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(certificate, key)
            handler = Handler()
            make = lambda: SMTP(
                handler, hostname="mail.test", tls_context=None if implicit else context,
                require_starttls=bool(context) and not implicit, auth_required=bool(password),
                authenticator=check if password else None,
                auth_require_tls=bool(context) and not implicit)
            server = await asyncio.get_running_loop().create_server(
                make, "127.0.0.1", int(port), ssl=context if implicit else None)
            note("ready", "")
            async with server:
                await server.serve_forever()

        asyncio.run(main())
        """#
}
