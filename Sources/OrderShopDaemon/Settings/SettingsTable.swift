import Curl
import HandlerRuntime
import Logging
import MailService

extension SettingsOption {
    /// All of them. A new setting is a row here and a field of `Settings`; a flag is also an `@Option` of
    /// `DaemonCommand`.
    static let table: [SettingsOption] = [
        SettingsOption(
            "shop", flag: "--shop",
            expected: "a name of at most 63 lower-case letters, digits and hyphens that starts with no hyphen",
            summary: "the shop's name; the default shop has none"
        ) { settings, text throws(Unacceptable) in
            settings.shop = try shopName(text)
        },
        SettingsOption(
            "redis.url", flag: "--redis", expected: RedisLocation.expected,
            summary: "the Redis to use; none: a private redis-server in the state directory"
        ) { settings, text throws(Unacceptable) in
            settings.redis.url = text.isEmpty ? nil : try RedisLocation.checked(text)
        },
        SettingsOption(
            "redis.tls.ca", expected: "a PEM file that can be read",
            summary: "the authorities to trust for rediss://; none: those of the system"
        ) { settings, text throws(Unacceptable) in
            settings.redis.tlsCA = try readableFile(text)
        },
        SettingsOption(
            "redis.user", expected: "the name of a user of Redis's ACL, without spaces",
            summary: "the ACL user to be at Redis; none: the one in redis.url, or Redis's default"
        ) { settings, text throws(Unacceptable) in
            settings.redis.user = try word(text)
        },
        SettingsOption(
            "redis.password_file", credential: "redis.password", expected: "a file that can be read",
            summary: "the file with the password for Redis"
        ) { settings, text throws(Unacceptable) in
            settings.redis.passwordFile = try readableFile(text)
        },
        SettingsOption(
            "redis.require", fallback: "any", expected: "any or persistent",
            summary: "persistent: refuse a Redis that keeps no append-only file, or that evicts keys"
        ) { settings, text throws(Unacceptable) in
            guard let requirement = Settings.Redis.Requirement(rawValue: text) else {
                throw .init(reason: "is not known")
            }
            settings.redis.require = requirement
        },
        SettingsOption(
            "redis.sentinel_password_file", credential: "redis.sentinel_password",
            expected: "a file that can be read",
            summary: "the file with the password for the Sentinels, if they ask for one"
        ) { settings, text throws(Unacceptable) in
            settings.redis.sentinelPasswordFile = try readableFile(text)
        },
        SettingsOption(
            "redis.server", fallback: "redis-server", expected: "a path, or a name to look up in PATH",
            summary: "the redis-server to start where there is no redis.url"
        ) { settings, text throws(Unacceptable) in
            settings.redis.server = try program(text)
        },
        SettingsOption(
            "socket", flag: "--socket", fallback: "/run/ordershop/control.sock",
            expected: "a path of at most \(UnixSocket.longestPath) bytes",
            summary: "the control socket's path"
        ) { settings, text throws(Unacceptable) in
            settings.socket = try socketPath(text)
        },
        SettingsOption(
            "control.admins", expected: "users and @groups, such as ada, @staff",
            summary: "who may do everything over the control socket"
        ) { settings, text throws(Unacceptable) in
            settings.control.admins = try principals(text)
        },
        SettingsOption(
            "control.operators", fallback: "@ordershop", expected: "users and @groups, such as ada, @staff",
            summary: "who may use the shop's commands and its modules over the control socket"
        ) { settings, text throws(Unacceptable) in
            settings.control.operators = try principals(text)
        },
        SettingsOption(
            "control.viewers", expected: "users and @groups, such as ada, @staff",
            summary: "who may only look over the control socket"
        ) { settings, text throws(Unacceptable) in
            settings.control.viewers = try principals(text)
        },
        SettingsOption(
            "http.listen", flag: "--http", fallback: "127.0.0.1:5000",
            expected: "ADDRESS:PORT or [IPV6-ADDRESS]:PORT, such as 127.0.0.1:5000",
            summary: "where the REST gateway listens; port 0: any that is free"
        ) { settings, text throws(Unacceptable) in
            settings.http.listen = try ListenAddress(parsing: text)
        },
        SettingsOption(
            "http.max_body", fallback: "1048576", expected: "a number of bytes from 1 to 1073741824",
            summary: "the largest request body, in bytes"
        ) { settings, text throws(Unacceptable) in
            settings.http.maxBody = try integer(text, in: 1...1_073_741_824)
        },
        SettingsOption(
            "http.max_connections", fallback: "1024", expected: "a whole number from 1 to 1000000",
            summary: "how many HTTP connections may be open at once"
        ) { settings, text throws(Unacceptable) in
            settings.http.maxConnections = try integer(text, in: 1...1_000_000)
        },
        SettingsOption(
            "gateway.access.anonymous", fallback: "viewer", expected: "viewer or none",
            summary: "what may be seen from this machine without a token, beside the REST API"
        ) { settings, text throws(Unacceptable) in
            guard ["viewer", "none"].contains(text) else { throw .init(reason: "is neither") }
            settings.gateway.access.anonymous = text == "viewer" ? .viewer : nil
        },
        SettingsOption(
            "gateway.access.token_file", credential: "gateway.token", expected: "a file that can be read",
            summary: "the file with the tokens to log in with: ROLE NAME TOKEN in each line"
        ) { settings, text throws(Unacceptable) in
            settings.gateway.access.tokenFile = try readableFile(text)
        },
        SettingsOption(
            "gateway.access.hosts", expected: "names without ports, such as shop.example.com, shop.lan",
            summary: "names under which the gateway may be asked for, beside addresses and localhost"
        ) { settings, text throws(Unacceptable) in
            settings.gateway.access.hosts = Set(try hostNames(text))
        },
        SettingsOption(
            "gateway.access.origins", expected: "origins, such as https://shop.example.com",
            summary: "pages of others that may call from a browser (CORS)"
        ) { settings, text throws(Unacceptable) in
            settings.gateway.access.origins = Set(try origins(text))
        },
        SettingsOption(
            "gateway.tls.certificate", expected: "a PEM file that can be read",
            summary: "the gateway's certificate and those that lead to its authority; none: no TLS"
        ) { settings, text throws(Unacceptable) in
            settings.gateway.tls.certificate = try readableFile(text)
        },
        SettingsOption(
            "gateway.tls.key", credential: "gateway.tls.key", expected: "a PEM file that can be read",
            summary: "the file with the key of the gateway's certificate"
        ) { settings, text throws(Unacceptable) in
            settings.gateway.tls.key = try readableFile(text)
        },
        SettingsOption(
            "gateway.tls.client_ca", expected: "a PEM file that can be read",
            summary: "the authorities whose certificates let clients in; none: tokens only"
        ) { settings, text throws(Unacceptable) in
            settings.gateway.tls.clientAuthorities = try readableFile(text)
        },
        SettingsOption(
            "gateway.tls.client_role", fallback: "viewer", expected: "viewer, operator or admin",
            summary: "the role of clients with such a certificate"
        ) { settings, text throws(Unacceptable) in
            guard let role = Role.allCases.first(where: { $0.name == text }) else {
                throw .init(reason: "is no role")
            }
            settings.gateway.tls.clientRole = role
        },
        SettingsOption(
            "gateway.events.max_clients", fallback: "256", expected: "a whole number from 1 to 100000",
            summary: "how many clients may read /events at once"
        ) { settings, text throws(Unacceptable) in
            settings.gateway.eventClients = try integer(text, in: 1...100_000)
        },
        SettingsOption(
            "gateway.events.heartbeat", fallback: "15", expected: "a number of seconds from 1 to 60",
            summary: "how often a client of /events hears that it stands; who takes nothing for so long is dropped"
        ) { settings, text throws(Unacceptable) in
            settings.gateway.eventHeartbeat = try integer(text, in: 1...60)
        },
        SettingsOption(
            "state_directory", flag: "--state-directory", fallback: "/var/lib/ordershop",
            systemdVariable: "STATE_DIRECTORY", expected: "the path of a directory",
            summary: "what the daemon keeps: the embedded Redis's data, the Maildir, its lock"
        ) { settings, text throws(Unacceptable) in
            settings.stateDirectory = try path(text)
        },
        SettingsOption(
            "archive.directory", expected: "the path of a directory",
            summary: "where events go that are trimmed; none: archive in the state directory"
        ) { settings, text throws(Unacceptable) in
            settings.chosenArchiveDirectory = try path(text)
        },
        SettingsOption(
            "log.level", flag: "--log-level", fallback: "info",
            expected: "one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))",
            summary: "the least severe messages to log"
        ) { settings, text throws(Unacceptable) in
            guard let level = Logger.Level(rawValue: text) else { throw .init(reason: "is no log level") }
            settings.logLevel = level
        },
        SettingsOption(
            "log.format", fallback: "auto", expected: "auto, text or json",
            summary: "auto: fields in the journal where stderr is the journal, text elsewhere"
        ) { settings, text throws(Unacceptable) in
            guard let format = Settings.LogFormat(rawValue: text) else { throw .init(reason: "is not known") }
            settings.logFormat = format
        },
        SettingsOption(
            "modules.tries", fallback: "5", expected: "a whole number from 2 to 1000",
            summary: "how often a module tries an event before it is parked"
        ) { settings, text throws(Unacceptable) in
            settings.modules.tries = try integer(text, in: 2...1_000)
        },
        SettingsOption(
            "modules.lease", fallback: "5", expected: "a number of seconds from 1 to 300",
            summary: "how long a daemon that died keeps others from its modules, in seconds"
        ) { settings, text throws(Unacceptable) in
            settings.modules.lease = try integer(text, in: 1...300)
        },
        SettingsOption(
            "orders.unpaid_after", fallback: "never", expected: durationExpected,
            summary: "how long an order may wait for its money before it is cancelled"
        ) { settings, text throws(Unacceptable) in
            settings.unpaidAfter = try duration(text)
        },
        SettingsOption(
            "carts.expire_after", fallback: "30d", expected: durationExpected,
            summary: "how long a cart may lie untouched before it expires"
        ) { settings, text throws(Unacceptable) in
            settings.cartsExpireAfter = try duration(text)
        },
        SettingsOption(
            "idempotency.keep", fallback: "24h", expected: "a time such as 24h, 7d or 10m, from 1m to 30d",
            summary: "how long the first answer to a command is kept under its Idempotency-Key"
        ) { settings, text throws(Unacceptable) in
            let time = try duration(text) ?? .zero
            guard (Duration.seconds(60)...Duration.seconds(30 * 86_400)).contains(time) else {
                throw .init(reason: "is out of range")
            }
            settings.answersKept = time
        },
        SettingsOption(
            "inventory.low_stock_at", expected: "a whole number from 0 to 1000000000",
            summary: "the low_stock_at of inventories that are created without; none: their stock is never low"
        ) { settings, text throws(Unacceptable) in
            settings.lowStockAt = try integer(text, in: 0...1_000_000_000)
        },
        SettingsOption(
            "mail.from", fallback: "OrderShop <shop@localhost>",
            expected: "an address, or a name and an address, such as OrderShop <shop@example.com>",
            summary: "the sender of the shop's mails"
        ) { settings, text throws(Unacceptable) in
            settings.mail.policy.sender = try mailbox(text)
        },
        SettingsOption(
            "mail.rate", expected: "so many a second, a minute or an hour, such as 10/s, 100/min or 1000/h",
            summary: "how many mails may go out by SMTP; none: as many as there are"
        ) { settings, text throws(Unacceptable) in
            settings.mail.policy.rate = try mailRate(text)
        },
        SettingsOption(
            "mail.max_age", fallback: "never", expected: durationExpected,
            summary: "mails that waited for longer are not sent any more"
        ) { settings, text throws(Unacceptable) in
            settings.mail.policy.maxAge = try duration(text)
        },
        SettingsOption(
            "mail.templates", fallback: Settings.defaultTemplates, expected: "the path of a directory",
            summary: "the templates of the shop's letters; what is not in it comes from the built-in ones"
        ) { settings, text throws(Unacceptable) in
            settings.mail.templates = try path(text)
        },
        SettingsOption(
            "mail.locale", expected: "lower-case letters, digits and hyphens, such as de",
            summary: "the directory in mail.templates with those in the shop's language; none: English"
        ) { settings, text throws(Unacceptable) in
            settings.mail.locale = try shopName(text)
        },
        SettingsOption(
            "mail.smtp.url", expected: "smtp://HOST:PORT, or smtps://HOST:PORT for TLS from the beginning",
            summary: "the mail server; none: mails go into the Maildir in the state directory"
        ) { settings, text throws(Unacceptable) in
            settings.mail.url = try mailServer(text)
        },
        SettingsOption(
            "mail.smtp.user", expected: "a name without spaces",
            summary: "whom to log in as at the mail server; none: nobody"
        ) { settings, text throws(Unacceptable) in
            settings.mail.user = try word(text)
        },
        SettingsOption(
            "mail.smtp.password_file", credential: "mail.smtp.password", expected: "a file that can be read",
            summary: "the file with the password for the mail server"
        ) { settings, text throws(Unacceptable) in
            settings.mail.passwordFile = try readableFile(text)
        },
        SettingsOption(
            "mail.smtp.tls", fallback: "auto", expected: "auto, required or off",
            summary: "auto: STARTTLS must succeed unless the mail server is on this machine"
        ) { settings, text throws(Unacceptable) in
            guard let encryption = SMTPServer.Encryption(rawValue: text) else {
                throw .init(reason: "is not known")
            }
            settings.mail.encryption = encryption
        },
        SettingsOption(
            "mail.smtp.ca", expected: "a PEM file that can be read",
            summary: "the authorities to trust with the mail server; none: those of the system"
        ) { settings, text throws(Unacceptable) in
            settings.mail.authorities = try readableFile(text)
        },
        SettingsOption(
            "mail.smtp.timeout", fallback: "30", expected: "a number of seconds from 1 to 600",
            summary: "how long the sending of one mail may take, in seconds"
        ) { settings, text throws(Unacceptable) in
            settings.mail.timeout = try integer(text, in: 1...600)
        },
        SettingsOption(
            "mail.smtp.retry", fallback: "60", expected: "a number of seconds from 1 to 3600",
            summary: "the first pause before a mail is tried again that the server did not take, in seconds"
        ) { settings, text throws(Unacceptable) in
            settings.mail.retry = try integer(text, in: 1...3_600)
        },
        SettingsOption(
            "webhooks.allow_private", fallback: "false", expected: "true or false",
            summary: "true: webhooks may be at addresses of this machine and of private networks"
        ) { settings, text throws(Unacceptable) in
            settings.webhooks.allowsPrivate = try boolean(text)
        },
        SettingsOption(
            "webhooks.allow_http", fallback: "false", expected: "true or false",
            summary: "true: webhooks may be at http://, where anybody on the way can read along"
        ) { settings, text throws(Unacceptable) in
            settings.webhooks.allowsPlain = try boolean(text)
        },
        SettingsOption(
            "webhooks.ca", expected: "a PEM file that can be read",
            summary: "the authorities to trust with webhooks; none: those of the system"
        ) { settings, text throws(Unacceptable) in
            settings.webhooks.authorities = try readableFile(text)
        },
        SettingsOption(
            "webhooks.timeout", fallback: "15", expected: "a number of seconds from 1 to 60",
            summary: "how long a webhook may take over one message, in seconds"
        ) { settings, text throws(Unacceptable) in
            settings.webhooks.timeout = try integer(text, in: 1...60)
        },
        SettingsOption(
            "webhooks.retry", fallback: "5", expected: "a number of seconds from 1 to 3600",
            summary: "the first pause before a message is tried again that was not taken, in seconds"
        ) { settings, text throws(Unacceptable) in
            settings.webhooks.retry = try integer(text, in: 1...3_600)
        },
        SettingsOption(
            "webhooks.give_up_after", fallback: "3d", expected: durationExpected,
            summary: "a message not taken for so long is given up; a webhook that takes nothing is disabled"
        ) { settings, text throws(Unacceptable) in
            settings.webhooks.giveUpAfter = try duration(text)
        },
        SettingsOption(
            "webhooks.log_size", fallback: "1000", expected: "a whole number from 1 to 10000",
            summary: "how many deliveries that have ended are remembered for each webhook"
        ) { settings, text throws(Unacceptable) in
            settings.webhooks.logSize = try integer(text, in: 1...10_000)
        },
        SettingsOption(
            "tracing.sample", fallback: "0", expected: "a number from 0 to 1, such as 0.01",
            summary: "the part of the requests that bring no traceparent which is traced all the same"
        ) { settings, text throws(Unacceptable) in
            settings.tracing.sample = try part(text)
        },
        SettingsOption(
            "tracing.keep", fallback: "4096", expected: "a whole number from 0 to 100000",
            summary: "how many spans of traces are kept in memory for 'ordershopctl trace'"
        ) { settings, text throws(Unacceptable) in
            settings.tracing.keep = try integer(text, in: 0...100_000)
        },
        SettingsOption(
            "tracing.endpoint", expected: "http://HOST:PORT or https://HOST:PORT, such as http://localhost:4318",
            summary: "the OpenTelemetry collector that spans are sent to, by OTLP/HTTP; none: nowhere"
        ) { settings, text throws(Unacceptable) in
            settings.tracing.endpoint = try collector(text)
        },
        SettingsOption(
            "privacy.encrypt", fallback: "false", expected: "true or false",
            summary: "true: what is known of persons is encrypted, so that it can be erased"
        ) { settings, text throws(Unacceptable) in
            guard let encrypts = Bool(text) else { throw .init(reason: "is neither") }
            settings.encryptsPersonalData = encrypts
        },
        SettingsOption(
            "shipping.automatic", fallback: "true", expected: "true or false",
            summary: "whether a parcel is prepared for every order that is billed"
        ) { settings, text throws(Unacceptable) in
            settings.shipping.isAutomatic = try boolean(text)
        },
        SettingsOption(
            "currency", fallback: "EUR", expected: "an ISO 4217 code, such as EUR",
            summary: "the currency of all prices"
        ) { settings, text throws(Unacceptable) in
            settings.currency = try currencyCode(text)
        },
    ]
}
