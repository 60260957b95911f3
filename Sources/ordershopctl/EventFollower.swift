import JSON
import JSONRPC

/// The last events, then each as it happens: in order, each once, also over a daemon that goes away and comes back.
struct EventFollower {
    let connection: ConnectionOptions
    /// Which events, as `event.list` and `event.watch` take them.
    var selection = JSONObject()
    /// How many there are to begin with.
    let last: Int64
    /// The last event that was shown; nil before the first answer.
    private(set) var place: JSONValue?

    init(connection: ConnectionOptions, selection: JSONObject = JSONObject(), last: Int64) {
        (self.connection, self.selection, self.last) = (connection, selection, last)
    }

    /// Shows what there is and what comes, until the connection ends.
    /// - Throws: always, at the latest when the daemon goes away. Called again it goes on behind the last event.
    mutating func follow(_ show: ([JSONValue]) throws(Failure) -> Void) async throws(Failure) -> Never {
        do {
            let client = try await JSONRPCClient.connect(path: connection.path)
            if place == nil { try await begin(client, show) }
            var params = selection
            params["after"] = place
            _ = try await client.call("event.watch", .object(params), timeout: connection.timeout.duration)
            for await told in client.notifications where told.method == "event" {
                guard let event = told.params else { continue }
                try show([event])
                place = event["id"]
            }
        } catch {
            throw Failure(error, socket: connection.path)
        }
        throw Failure(.unreachable, "The daemon has gone away.")
    }

    private mutating func begin(
        _ client: JSONRPCClient, _ show: ([JSONValue]) throws(Failure) -> Void
    ) async throws {
        var params = selection
        params["last"] = true
        params["limit"] = .number(JSONNumber(max(1, last)))
        let answer = try await client.call("event.list", .object(params), timeout: connection.timeout.duration)
        let events = answer.array ?? []
        try show(last > 0 ? events : [])
        // Where there is none, none can be missed.
        place = events.last?["id"] ?? "beginning"
    }
}
