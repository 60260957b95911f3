import HandlerRuntime
import Testing

@Suite struct `A refusal` {
    @Test(arguments: [
        (Refusal.Code.malformed, 400, -32600), (.notFound, 404, -32001), (.unknownMethod, 404, -32601),
        (.conflict, 409, -32002), (.tooLarge, 413, -32003), (.invalid, 422, -32602), (.moduleDisabled, 503, -32004),
        (.unavailable, 503, -32005), (.trimmed, 410, -32010), (.outcomeUnknown, 503, -32006),
        (.internalError, 500, -32603),
    ])
    func `has one status and one code`(code: Refusal.Code, http: Int, rpc: Int) {
        #expect(code.httpStatus == http)
        #expect(code.jsonRPCCode == rpc)
    }

    @Test func `of each kind has a name and a code of its own`() {
        let all = Refusal.Code.allCases
        #expect(all.count == 14)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(Set(all.map(\.jsonRPCCode)).count == all.count)
        for code in all {
            #expect(code.name.allSatisfy { $0.isLowercase || $0 == "-" })
            #expect(!code.title.isEmpty)
        }
    }

    @Test func `for fields says which is wrong first, and how many more`() {
        let violations = [Violation("/name", "is missing"), Violation("/price", "must be a number, not a string")]
        #expect(Refusal([violations[0]]).message == "/name is missing")
        #expect(Refusal(violations).message == "/name is missing (and 1 more)")
        #expect(Refusal(violations).code == .invalid)
        #expect(
            Refusal([Violation("", "must be an object, not null")]).message
                == "the parameters must be an object, not null")
    }
}
