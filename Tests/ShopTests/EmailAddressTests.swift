import HandlerRuntime
import JSON
import ShopContracts
import Testing

@Suite struct `An e-mail address` {
    @Test(arguments: [
        "ann@example.org", "a@b", "Ann.B+c_d-e@sub.example.co.uk", "o'neill@example.ie", "1@2.3",
        "!#$%&'*+/=?^_`{|}~@example.org", "ann@xn--bcher-kva.example",
        String(repeating: "a", count: 64) + "@example.org",
    ])
    func `is one`(text: String) {
        #expect(Schema.email.violations(in: .string(text)) == [])
    }

    @Test(arguments: [
        "", "@", "ann", "ann@", "@example.org", "a@b@c", "a b@c", "ann@example..org", ".ann@example.org",
        "ann.@example.org", "an..n@example.org", "ann@.org", "ann@example.", "ann@exa mple.org",
        "<ann@example.org>",
        "Ann <ann@example.org>", "ann@[127.0.0.1]", "\"a b\"@example.org", "ann@exämple.org", "änn@example.org",
        "ann@example.org\n", "ann@example.org\r\nBcc: bob@example.org", "ann\r\n@example.org", "\rann@example.org",
        "ann@example.org\0", "ann\t@example.org", "ann@example.org,bob@example.org", "ann@example.org;", "a(b)@c",
        "ann@\u{301}example.org", "ann@example.org\u{2028}", "ann\u{FF20}example.org", "ann@exa_mple.org",
        String(repeating: "a", count: 65) + "@example.org",
        "a@" + Array(repeating: "abcdefghi", count: 30).joined(separator: "."),
    ])
    func `is none`(text: String) {
        #expect(Schema.email.violations(in: .string(text)).map(\.pointer) == [""])
    }

    @Test func `is a string`() {
        for value: JSONValue in [1, nil, true, ["a@b"], ["a": "a@b"]] {
            #expect(Schema.email.violations(in: value).count == 1)
        }
    }
}
