import Glibc
import Logging
import MailService
import Testing

@testable import OrderShopDaemon

/// Loads with no file where the test names none.
private func load(
    _ commandLine: [String: String] = [:], _ environment: [String: String] = [:]
) throws(SettingsError) -> Settings {
    try Settings.load(commandLine: commandLine, environment: environment, defaultFile: "/nonexistent")
}

private func problems(
    _ commandLine: [String: String] = [:], _ environment: [String: String] = [:]
) -> [String] {
    do {
        _ = try load(commandLine, environment)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

struct `Settings in layers` {
    @Test func `the defaults are those of the contract`() throws {
        let settings = try load()
        #expect(settings == Settings.defaults)
        #expect(settings.shop == "")
        #expect(settings.redis.url == nil)
        #expect(settings.redis.server == "redis-server")
        #expect(settings.socket == "/run/ordershop/control.sock")
        #expect(settings.http.listen == ListenAddress(host: "127.0.0.1", port: 5000))
        #expect(settings.http.maxBody == 1_048_576)
        #expect(settings.http.maxConnections == 1024)
        #expect(settings.stateDirectory == "/var/lib/ordershop")
        #expect(settings.logLevel == .info)
        #expect(settings.mail.policy.sender == "OrderShop <shop@localhost>")
        #expect(settings.currency == "EUR")
        #expect(settings.file == nil)
    }

    @Test func `every option's default is one that it accepts`() throws {
        for option in SettingsOption.table where !option.fallback.isEmpty {
            var settings = Settings.defaults
            #expect(throws: Never.self, "\(option.key)") { try option.assign(&settings, option.fallback) }
            #expect(settings == Settings.defaults, "\(option.key)")
        }
    }

    @Test func `keys, variables and flags are unique, and variables follow the keys`() {
        let table = SettingsOption.table
        #expect(Set(table.map(\.key)).count == table.count)
        #expect(Set(table.compactMap(\.flag)).count == table.compactMap(\.flag).count)
        #expect(SettingsOption.named("redis.tls.ca")?.variable == "ORDERSHOP_REDIS_TLS_CA")
        #expect(SettingsOption.named("http.max_body")?.variable == "ORDERSHOP_HTTP_MAX_BODY")
        #expect(
            SettingsOption.sections == [
                "redis", "redis.tls", "control", "http", "gateway", "gateway.access", "gateway.tls",
                "gateway.events",
                "archive", "log", "modules", "orders", "idempotency", "inventory", "carts", "mail", "mail.smtp",
                "webhooks", "tracing", "privacy", "shipping",
            ])
    }

    /// A good value that is no default, for each option.
    static let samples: [(key: String, one: String, other: String)] = [
        ("shop", "berlin", "paris-2"),
        ("redis.url", "unix:///run/redis.sock", "rediss://redis.example:6380/3"),
        ("redis.tls.ca", "/etc/passwd", "/etc/group"),
        ("redis.user", "ordershop", "shop:berlin"),
        ("redis.password_file", "/etc/passwd", "/etc/group"),
        ("redis.require", "persistent", "any"),
        ("redis.sentinel_password_file", "/etc/passwd", "/etc/group"),
        ("redis.server", "/opt/redis-server", "valkey-server"),
        ("socket", "/tmp/a.sock", "/tmp/b.sock"),
        ("control.admins", "ada", "@staff bob"),
        ("control.operators", "ada, eve", ""),
        ("control.viewers", "@users", "1000"),
        ("http.listen", "[::1]:80", "0.0.0.0:8080"),
        ("http.max_body", "1", "1073741824"),
        ("http.max_connections", "1", "1000000"),
        ("gateway.access.anonymous", "none", "viewer"),
        ("gateway.access.token_file", "/etc/passwd", "/etc/group"),
        ("gateway.access.hosts", "shop.example.com", "a.lan, b.lan"),
        ("gateway.access.origins", "https://shop.example.com", "http://localhost:8080"),
        ("gateway.tls.certificate", "/etc/passwd", "/etc/group"),
        ("gateway.tls.key", "/etc/passwd", "/etc/group"),
        ("gateway.tls.client_ca", "/etc/passwd", "/etc/group"),
        ("gateway.tls.client_role", "operator", "admin"),
        ("gateway.events.max_clients", "1", "100000"),
        ("gateway.events.heartbeat", "1", "60"),
        ("state_directory", "/srv/a", "/srv/b"),
        ("archive.directory", "/srv/archive", "/srv/a"),
        ("log.level", "trace", "critical"),
        ("log.format", "json", "text"),
        ("modules.tries", "2", "1000"),
        ("modules.lease", "1", "300"),
        ("orders.unpaid_after", "14d", "90m"),
        ("carts.expire_after", "never", "45s"),
        ("idempotency.keep", "1m", "30d"),
        ("inventory.low_stock_at", "0", "1000000000"),
        ("mail.from", "a@b.example", "Größe & Co. <shop@b.example>"),
        ("mail.rate", "10/s", "1000/h"),
        ("mail.max_age", "12h", "3d"),
        ("mail.templates", "/srv/letters", "/tmp"),
        ("mail.locale", "de", "de-ch"),
        ("mail.smtp.url", "smtp://mail.example:587", "smtps://[::1]:465"),
        ("mail.smtp.user", "shop", "shop@example.org"),
        ("mail.smtp.password_file", "/etc/passwd", "/etc/group"),
        ("mail.smtp.tls", "required", "off"),
        ("mail.smtp.ca", "/etc/passwd", "/etc/group"),
        ("mail.smtp.timeout", "1", "600"),
        ("mail.smtp.retry", "1", "3600"),
        ("webhooks.allow_private", "true", "false"),
        ("webhooks.allow_http", "true", "false"),
        ("webhooks.ca", "/etc/passwd", "/etc/group"),
        ("webhooks.timeout", "1", "60"),
        ("webhooks.retry", "1", "3600"),
        ("webhooks.give_up_after", "never", "12h"),
        ("webhooks.log_size", "1", "10000"),
        ("tracing.sample", "0.01", "1"),
        ("tracing.keep", "0", "100000"),
        ("tracing.endpoint", "http://localhost:4318", "https://otel.example.com/otlp"),
        ("privacy.encrypt", "true", "false"),
        ("shipping.automatic", "false", "true"),
        ("currency", "USD", "JPY"),
    ]

    @Test func `there is a sample for each option`() {
        #expect(Self.samples.map(\.key) == SettingsOption.table.map(\.key))
    }

    @Test(arguments: samples)
    func `variables win over the file, and the command line wins over variables`(
        key: String, one: String, other: String
    ) throws {
        let option = try #require(SettingsOption.named(key))
        var (expectingOne, expectingOther) = (Settings.defaults, Settings.defaults)
        try option.assign(&expectingOne, one)
        try option.assign(&expectingOther, other)
        try #require(expectingOne != expectingOther && expectingOne != Settings.defaults)

        let scratch = try Scratch()
        let file = try scratch.write("\(key): '\(one)'\n", to: "d.yaml")
        (expectingOne.file, expectingOther.file) = (file, file)
        #expect(try load(["--config": file]) == expectingOne)
        #expect(try load(["--config": file], [option.variable: other]) == expectingOther)
        if let flag = option.flag {
            #expect(try load(["--config": file, flag: other], [option.variable: one]) == expectingOther)
        }
    }

    @Test func `systemd's state directory is only a default`() throws {
        let systemd = ["STATE_DIRECTORY": "/var/lib/ordershop-berlin:/var/lib/other"]
        #expect(try load([:], systemd).stateDirectory == "/var/lib/ordershop-berlin")
        let scratch = try Scratch()
        let file = try scratch.write("state_directory: /srv/shop", to: "d.yaml")
        #expect(try load(["--config": file], systemd).stateDirectory == "/srv/shop")
    }

    @Test func `a credential of systemd's names the file where nothing else does`() throws {
        let scratch = try Scratch()
        let password = try scratch.write("hidden\n", to: "redis.password")
        let other = try scratch.write("other", to: "other")
        let systemd = ["CREDENTIALS_DIRECTORY": scratch.path]
        #expect(try load([:], systemd).redis.passwordFile == password)
        #expect(try load([:], systemd).redis.password() == "hidden")
        #expect(try load([:], systemd).redis.sentinelPasswordFile == nil)
        let file = try scratch.write("redis:\n  password_file: \(other)", to: "d.yaml")
        #expect(try load(["--config": file], systemd).redis.password() == "other")
        let sentinel = try scratch.write("s3ntinel", to: "redis.sentinel_password")
        #expect(try load([:], systemd).redis.sentinelPasswordFile == sentinel)
    }

    @Test func `a password on the command line is warned of, without being repeated`() throws {
        let notices = try load(["--redis": "redis://u:hidden@h:1"]).notices
        #expect(notices.count == 1)
        #expect(notices.first?.contains("redis.password_file") == true)
        #expect(notices.first?.contains("hidden") == false)
        #expect(try load(["--redis": "redis://h:1"]).notices == [])
        #expect(try load([:], ["ORDERSHOP_REDIS_URL": "redis://u:hidden@h:1"]).notices == [])
    }

    @Test func `an empty URL on the command line asks for the embedded Redis`() throws {
        #expect(try load(["--redis": ""], ["ORDERSHOP_REDIS_URL": "redis://h:1"]).redis.url == nil)
    }

    @Test(arguments: [
        "redis+cluster://:p@a:7000,[::1]:7001", "rediss+cluster://a:1/", "redis+sentinel://a:26379,b:26379/shop",
        "rediss+sentinel://u:p@a:1/shop/3",
    ])
    func `a URL may name the nodes of a cluster, or Sentinels`(url: String) throws {
        #expect(try load(["--redis": url]).redis.url == url)
    }

    @Test func `a relative path counts from here`() throws {
        let here = try #require(getcwd(nil, 0).map { String(cString: $0) })
        #expect(try load(["--state-directory": "state"]).stateDirectory == "\(here)/state")
    }

    @Test func `the configuration file may come from a variable`() throws {
        let scratch = try Scratch()
        let file = try scratch.write("shop: rome", to: "d.yaml")
        #expect(try load([:], ["ORDERSHOP_CONFIG": file]).shop == "rome")
        #expect(try load([:], ["ORDERSHOP_CONFIG": file]).file == file)
        #expect(try Settings.load(commandLine: [:], environment: [:], defaultFile: file).shop == "rome")
    }

    @Test func `a shop with a file of its own beside the common one reads that, and no other does`() throws {
        let scratch = try Scratch()
        let common = try scratch.write("log: {level: error}", to: "d.yaml")
        let own = try scratch.write("log: {level: debug}", to: "berlin.yaml")
        func file(_ flags: [String: String], _ variables: [String: String] = [:]) throws -> String? {
            try Settings.load(commandLine: flags, environment: variables, defaultFile: common).file
        }
        #expect(try file(["--shop": "berlin"]) == own)
        #expect(try file([:], ["ORDERSHOP_SHOP": "berlin"]) == own)
        #expect(try file(["--shop": "rome"]) == common)
        #expect(try file(["--shop": "berlin", "--config": common]) == common)
        #expect(try file([:]) == common)
    }

    @Test func `a file that was asked for must be there`() {
        #expect(
            problems(["--config": "/nonexistent"])
                == ["--config: there is no file /nonexistent; expected a YAML file"])
        #expect(
            problems([:], ["ORDERSHOP_CONFIG": "/tmp"])
                == ["variable ORDERSHOP_CONFIG: /tmp cannot be read: Is a directory; expected a YAML file"])
    }

    @Test func `a misspelt variable is noted`() throws {
        let settings = try load([:], ["ORDERSHOP_REDIS_ULR": "x", "ORDERSHIP_SHOP": "x"])
        #expect(
            settings.notices == [
                "variable ORDERSHOP_REDIS_ULR is not known; did you mean ORDERSHOP_REDIS_URL?"
            ])
    }

    @Test func `the password is the first line of its file, read anew each time`() throws {
        let scratch = try Scratch()
        let file = try scratch.write("pass word\n", to: "password")
        let redis = try load([:], ["ORDERSHOP_REDIS_PASSWORD_FILE": file]).redis
        #expect(try redis.password() == "pass word")
        _ = try scratch.write("other", to: "password")
        #expect(try redis.password() == "other")
        unlink(file)
        let error = #expect(throws: SettingsError.self) { try redis.password() }
        let reason = "cannot be read: No such file or directory; expected the password for Redis"
        #expect(error?.description == "\(file): \(reason)")
        #expect(try load().redis.password() == nil)
    }

    @Test(arguments: [
        ("redis://u:secret@h:1", "redis://…@h:1"), ("redis://u:s/e@c@h:1/2", "redis://…@h:1/2"),
        ("redis://h:1", "redis://h:1"), ("unix:///a", "unix:///a"),
    ])
    func `a log never shows the password`(url: String, shown: String) throws {
        #expect(try load(["--redis": url]).redis.urlWithoutPassword == shown)
    }
}

struct `A bad value` {
    @Test(arguments: [
        ("shop", "Berlin", "has characters that a shop's name cannot have"),
        ("shop", "ber_lin", "has characters that a shop's name cannot have"),
        ("shop", "berlin}", "has characters that a shop's name cannot have"),
        ("shop", "-berlin", "starts with a hyphen"),
        ("shop", String(repeating: "a", count: 64), "is too long"),
        ("redis.url", "localhost:6379", "is no URL"),
        ("redis.url", "http://localhost:6379", "has a scheme that is not known"),
        ("redis.url", "redis://localhost", "has no port"),
        ("redis.url", "redis://localhost:0", "has port 0"),
        ("redis.url", "redis://localhost:70000", "has no port from 0 to 65535"),
        ("redis.url", "redis://localhost:6379/one", "has no number of a database after the host"),
        ("redis.url", "redis://local host:6379", "has white space in it"),
        ("redis.url", "redis://:6379", "has no address before the port"),
        ("redis.url", "redis+cluster://a:7000,b", "has no port"),
        ("redis.url", "redis+cluster://a:7000,", "has no port"),
        ("redis.url", "redis+cluster://a:7000/1", "has something behind the hosts of the cluster"),
        ("redis.url", "redis+sentinel://a:26379", "does not name the primary behind the Sentinels"),
        ("redis.url", "redis+sentinel://a:26379/shop/one", "has no number of a database after the host"),
        ("redis.url", "redis+other://a:7000", "has a scheme that is not known"),
        ("redis.url", "unix://redis.sock", "has no absolute path"),
        ("redis.tls.ca", "/nonexistent", "cannot be read: No such file or directory"),
        ("redis.user", "two words", "has white space or a control character in it"),
        ("redis.password_file", "", "is empty"),
        ("redis.require", "durable", "is not known"),
        ("redis.server", "", "is empty"),
        ("socket", "", "is empty"),
        ("socket", "/" + String(repeating: "a", count: 107), "is too long, with 108 bytes"),
        ("http.listen", "localhost", "has no port"),
        ("http.listen", "5000", "has no port"),
        ("http.listen", ":5000", "has no address before the port"),
        ("http.listen", "localhost:", "has no port from 0 to 65535"),
        ("http.listen", "localhost:+1", "has no port from 0 to 65535"),
        ("http.listen", "localhost:65536", "has no port from 0 to 65535"),
        ("http.listen", "::1:5000", "has an IPv6 address without brackets"),
        ("control.viewers", "ada@staff", "has an @ that is not before a group's name"),
        ("http.listen", "[::1]", "has no port"),
        ("http.listen", "[::g]:1", "has no IPv6 address in its brackets"),
        ("http.listen", "127.0.0.256:5000", "has no good address"),
        ("http.listen", "a/b:5000", "has no good address"),
        ("http.max_body", "1 MiB", "is not a whole number"),
        ("http.max_body", "0", "is out of range"),
        ("http.max_body", "99999999999999999999", "is not a whole number"),
        ("http.max_connections", "-1", "is out of range"),
        ("state_directory", "", "is empty"),
        ("log.level", "verbose", "is no log level"),
        ("orders.unpaid_after", "", "is no time"),
        ("orders.unpaid_after", "14", "is no time"),
        ("orders.unpaid_after", "1.5h", "is no time"),
        ("orders.unpaid_after", "0s", "is out of range"),
        ("carts.expire_after", "3651d", "is out of range"),
        ("carts.expire_after", "-1d", "is out of range"),
        ("idempotency.keep", "59s", "is out of range"),
        ("idempotency.keep", "31d", "is out of range"),
        ("idempotency.keep", "never", "is out of range"),
        ("inventory.low_stock_at", "-1", "is out of range"),
        ("mail.from", "OrderShop", "has no address of the form NAME@HOST"),
        ("mail.from", "OrderShop <shop@localhost", "has a < without > at its end"),
        ("mail.from", "a@b@c", "has no address of the form NAME@HOST"),
        ("mail.from", "a b@c", "has a character in the address that cannot be there"),
        ("mail.from", "a@b\nBcc: c@d", "has a control character in it"),
        ("shipping.automatic", "yes", "is neither true nor false"),
        ("currency", "EUX", "is no currency's code"),
        ("currency", "eur", "is no currency's code"),
    ])
    func `is refused with its source, what is wrong and what was expected`(
        key: String, text: String, reason: String
    ) throws {
        let option = try #require(SettingsOption.named(key))
        let ending = "\(SettingsProblem.quoted(text)) \(reason); expected \(option.expected)"
        #expect(problems([:], [option.variable: text]) == ["variable \(option.variable): \(ending)"])
        if let flag = option.flag {
            #expect(problems([flag: text]) == ["\(flag): \(ending)"])
        }
    }

    @Test func `comes up together with all others`() throws {
        let scratch = try Scratch()
        let file = try scratch.write("http:\n  listen: here\n  max_boddy: 1\ncurrency: EUX\n", to: "d.yaml")
        let found = problems(
            ["--config": file, "--shop": "A", "--log-level": "loud"], ["ORDERSHOP_HTTP_LISTEN": "there"])
        #expect(
            found.map { $0.replacing(file, with: "d.yaml").prefix { $0 != ";" } } == [
                "d.yaml:3:3: unknown key http.max_boddy",
                #"d.yaml:2:11: http.listen: "here" has no port"#,
                #"d.yaml:4:11: currency: "EUX" is no currency's code"#,
                #"variable ORDERSHOP_HTTP_LISTEN: "there" has no port"#,
                #"--shop: "A" has characters that a shop's name cannot have"#,
                #"--log-level: "loud" is no log level"#,
            ])
    }

    @Test func `does not show a password`() {
        let found = problems(["--redis": "redis://user:secret@host:none"])
        #expect(found.count == 1 && !found[0].contains("secret"))
        #expect(problems(["--redis": "http://user:secret@host:1"]).first?.contains("secret") == false)
    }
}
