import ArgumentParser
import JSON
import JSONRPC

/// How much of a list is shown, and in which order.
struct Listing: ParsableArguments {
    @Option(help: ArgumentHelp("Show no more than these. (default: 50 on a terminal, else all)", valueName: "rows"))
    var limit: Int?
    @Flag(help: "Show all.") var all = false
    @Option(
        help: ArgumentHelp(
            "In which order, such as created_at; -created_at from the other end.", valueName: "order"))
    var sort: String?
    @Option(help: ArgumentHelp("Go on where a list ended.", valueName: "text")) var cursor: String?

    /// More than a page of them is read by several calls.
    static let pageSize = 500

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is a number from 1 on.") }
        if limit != nil, all { throw ValidationError("--limit and --all contradict each other.") }
    }

    /// nil: all.
    func rows(on screen: Screen) -> Int? {
        if all { return nil }
        return limit ?? (screen.isTerminal ? 50 : nil)
    }
}

/// A verb that answers with a list, which it reads by pages.
protocol ListVerb: Verb {
    var listing: Listing { get }
}

extension ListVerb {
    mutating func run() async throws {
        // Programs that read a pipe, or JSON, want all there is.
        let screen = Screen.standardOutput
        let rows = listing.rows(on: connection.json ? Screen() : screen)
        var pages = ListPages(of: try request, listing, over: connection)
        if connection.json { return try await printJSON(&pages, rows) }
        var items: [JSONValue] = []
        while let page = try await pages.next(atMost: rows.map { $0 - items.count }) { items += page }
        let text = presentation.text(of: .array(items), on: screen)
        if !text.isEmpty { try Output.write(text + "\n") }
        if let cursor = pages.cursor {
            Output.complain("There is more: --all shows it, --cursor \(cursor) goes on.")
        }
    }

    /// As the daemon gave them, without holding more than a page.
    private func printJSON(_ pages: inout ListPages, _ rows: Int?) async throws {
        var count = 0
        try Output.write("[")
        while let page = try await pages.next(atMost: rows.map { $0 - count }) {
            let texts = page.map(\.text).joined(separator: ",")
            if !texts.isEmpty { try Output.write((count > 0 ? "," : "") + texts) }
            count += page.count
        }
        try Output.write("]\n")
    }
}

/// A list, a page at a time, over one connection.
struct ListPages {
    /// Where the rest begins; nil: there is none.
    private(set) var cursor: String?
    private var isBegun = false
    private var client: JSONRPCClient?
    private let request: Request
    private let connection: ConnectionOptions

    init(of request: Request, _ listing: Listing = Listing(reading: nil), over connection: ConnectionOptions) {
        var params = request.params?.object ?? JSONObject()
        params["sort"] = listing.sort.map { .string($0) }
        self.request = Request(request.method, .object(params))
        self.connection = connection
        cursor = listing.cursor
    }

    /// nil behind the last page, and where no more are wanted.
    mutating func next(atMost count: Int?) async throws(Failure) -> [JSONValue]? {
        if isBegun && cursor == nil || count.map({ $0 < 1 }) ?? false { return nil }
        isBegun = true
        var params = request.params?.object ?? JSONObject()
        params["limit"] = .number(JSONNumber(Int64(min(count ?? .max, Listing.pageSize))))
        params["cursor"] = cursor.map { .string($0) }
        let answer = try await call(Request(request.method, .object(params)))
        cursor = answer["next"]?.string
        return answer["items"]?.array ?? answer.array ?? []
    }

    private mutating func call(_ request: Request) async throws(Failure) -> JSONValue {
        do {
            if client == nil { client = try await JSONRPCClient.connect(path: connection.path) }
            guard let client else { return .null }
            return try await client.call(request.method, request.params, timeout: connection.timeout.duration)
        } catch {
            throw Failure(error, socket: connection.path)
        }
    }
}

extension Listing {
    /// What is not parsed has no options: all of a list, as it comes.
    init(reading sort: String?) {
        self.init()
        limit = nil
        all = true
        self.sort = sort
        cursor = nil
    }
}
