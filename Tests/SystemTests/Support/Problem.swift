import JSON
import TestKit
import Testing

/// Checks that an answer is a problem as RFC 9457 and the contract want it.
/// - Parameter pointers: where the fields are that it must complain about; nil: anywhere or nowhere.
func expectProblem(
    _ response: HTTPResponse, _ status: Int, pointers: [String]? = nil, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let comment = Comment(rawValue: "\(what) → \(response.status) \(response.text.prefix(500))")
    #expect(response.status == status, comment, sourceLocation: sourceLocation)
    #expect(response.header("content-type") == "application/problem+json", comment, sourceLocation: sourceLocation)
    guard let problem = try? response.json() else {
        Issue.record(comment, sourceLocation: sourceLocation)
        return
    }
    #expect(problem["status"]?.number?.int64 == Int64(status), comment, sourceLocation: sourceLocation)
    for member in ["type", "title", "detail"] {
        #expect(problem[member]?.string?.isEmpty == false, comment, sourceLocation: sourceLocation)
    }
    let id = response.header("x-request-id")
    #expect(id != nil && problem["request_id"]?.string == id, comment, sourceLocation: sourceLocation)
    if let pointers {
        let found = (problem["errors"]?.array ?? []).compactMap { $0["pointer"]?.string }
        #expect(found.sorted() == pointers.sorted(), comment, sourceLocation: sourceLocation)
    }
    if status == 503 {
        let seconds = response.header("retry-after").flatMap { Int($0) } ?? 0
        #expect(seconds > 0, comment, sourceLocation: sourceLocation)
    }
}

extension Shop {
    /// Runs `body` and checks that it has changed nothing: no stream, no cache.
    func expectNoChange(
        _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await settle()
        let (lengths, cache) = (try await streamLengths(), try await CacheDump(of: self))
        try await body()
        try await settle()
        #expect(try await streamLengths() == lengths, sourceLocation: sourceLocation)
        let after = try await CacheDump(of: self)
        #expect(cache.difference(after) == [], sourceLocation: sourceLocation)
    }
}
