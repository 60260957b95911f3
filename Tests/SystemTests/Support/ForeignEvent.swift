import JSON
import Redis
import TestKit

extension Shop {
    /// Appends an event as another program might, which knows nothing of the shop's rules.
    /// - Returns: its id, later than all that the shop has issued.
    func appendForeign(_ stream: String, _ entity: JSONValue) async throws -> String {
        let key = "\(prefix)events:{\(stream.replacing("_", with: "}_"))"
        let last = try await redis.run("XREVRANGE", key, "+", "-", "COUNT", "1").array?.first?.array?.first?.string
        let issued = try await redis.run("GET", "\(prefix)ordershop:clock").string
        let now = try await redis.strings("TIME").first
        let seconds = [last, issued, now].map { HistoryEvent.Place($0 ?? "").seconds }.max() ?? 0
        let id = "\(seconds + 1)-0"
        _ = try await redis.run("XADD", key, id, "event_id", id, "entity", entity.text)
        return id
    }
}
