import Testing

@testable import OrderShopDaemon

struct `The configuration file` {
    private func values(_ yaml: String) -> [String] {
        let file = SettingsFile(path: "d.yaml", yaml: yaml)
        return file.values.map { "\($0.option.key)=\($0.text)" } + file.problems.map(\.description)
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "~", "shop:\n", "redis:\n  # url: unix:///a\n", "{}"])
    func `may be empty, all or in part`(yaml: String) {
        #expect(values(yaml) == [])
    }

    @Test func `nests its keys, or writes them with dots`() {
        #expect(values("redis: {tls: {ca: /a}}\nhttp:\n  max_body: 5") == ["redis.tls.ca=/a", "http.max_body=5"])
        #expect(values("redis.tls.ca: /a") == ["redis.tls.ca=/a"])
    }

    @Test(arguments: ["no", "007", "1e3", "\"berlin\"", "'berlin'"])
    func `takes text as it is written`(text: String) {
        #expect(values("shop: \(text)") == ["shop=\(text.filter(\.isLetterOrDigit))"])
    }

    @Test(arguments: [
        ("shopp: a", "1:1: unknown key shopp; did you mean shop?"),
        ("\nredis:\n  ulr: a", "3:3: unknown key redis.ulr; did you mean redis.url?"),
        ("state-directory: a", "1:1: unknown key state-directory; did you mean state_directory?"),
        ("listen: a", "1:1: unknown key listen; did you mean http.listen?"),
        ("reddis: {url: a}", "1:1: unknown key reddis; did you mean redis?"),
        (
            "redis: {something: a}",
            "1:9: unknown key redis.something; known are archive, archive.directory, carts, "
        ),
        ("shop: [a, b]", "1:7: shop is a list; expected a name of at most 63"),
        ("shop: {name: a}", "1:7: shop is a mapping; expected a name of at most 63"),
        ("http:\n  max_body: [1]", "2:13: http.max_body is a list; expected a number of bytes"),
        ("redis: unix:///a", "1:8: redis has a single value; expected keys with values"),
        ("- shop", "1:1: the file has a list; expected keys with values"),
        ("just text", "1:1: the file has a single value; expected keys with values"),
        ("[a]: b", "1:1: a key is a list; expected a name"),
        ("shop: a\nshop: b", "1:1: shop stands twice in what begins here; expected it once"),
        ("redis: {url: a}\nredis.url: b", "2:1: redis.url stands here a second time; expected it once"),
        ("shop: a\n\tb: c", "2:1: is not YAML: found a tab character that violates"),
        ("shop: \"a", "1:9: is not YAML: found unexpected end of stream"),
        ("shop: *a", "1:7: is not YAML: "),
        ("shop: a\n---\nshop: b", "2:1: is not YAML: "),
    ])
    func `is refused with line and column`(yaml: String, problem: String) {
        let found = values(yaml).filter { $0.hasPrefix("d.yaml:") }
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("d.yaml:\(problem)") == true, "\(found)")
    }

    @Test func `that is no text is refused`() throws {
        let scratch = try Scratch()
        let file = try scratch.write(String(repeating: "#", count: SettingsFile.largestSize + 1), to: "big.yaml")
        #expect(throws: SettingsError.self) {
            try Settings.load(commandLine: ["--config": file], environment: [:])
        }
        #expect(throws: SettingsError.self) {
            try Settings.load(commandLine: ["--config": "/dev/zero"], environment: [:])
        }
        #expect(throws: SettingsError.self) {
            try Settings.load(commandLine: ["--config": "/bin/true"], environment: [:])
        }
    }
}

extension Character {
    fileprivate var isLetterOrDigit: Bool { isLetter || isNumber }
}
