public import JSON

/// A sorted index: the entities of a topic in the order of one of their members, whatever its value.
public struct Ranking: Sendable, Hashable {
    public let name: String
    public let topic: Topic
    let order: Order

    enum Order: Sendable, Hashable { case number, text }

    /// The numbers 0…9,007,199,254,740,991.
    public static func byNumber(_ topic: Topic, _ property: String) -> Ranking {
        Ranking(name: "\(topic).\(property)", topic: topic, order: .number)
    }

    /// Texts, without regard to case, by code points.
    public static func byText(_ topic: Topic, _ property: String) -> Ranking {
        Ranking(name: "\(topic).\(property)", topic: topic, order: .text)
    }
}

extension Projection {
    /// - Parameter number: what to rank an entity by; nil: it does not stand in the ranking.
    public static func ranking(
        _ ranking: Ranking, version: String = "1", byNumber number: @escaping @Sendable (JSONObject) -> Int64?
    ) -> Projection {
        Projection(of: ranking.topic, named: ranking.name, version: version) { change in
            let old = change.before.flatMap(number)
            let new = change.after.flatMap(number).map { UInt64(clamping: $0) }
            if old.map({ UInt64(clamping: $0) }) == new { return [] }
            guard let new else { return [.unrank(in: ranking.name, member: change.id)] }
            return [.rank(in: ranking.name, by: new, member: change.id)]
        }
    }

    public static func ranking(
        _ ranking: Ranking, version: String = "1", byText text: @escaping @Sendable (JSONObject) -> String?
    ) -> Projection {
        Projection(of: ranking.topic, named: ranking.name, version: version) { change in
            let old = change.before.flatMap(text).map { RankedText.member($0, change.id) }
            let new = change.after.flatMap(text).map { RankedText.member($0, change.id) }
            if old == new { return [] }
            return (old.map { [.unrank(in: ranking.name, member: $0)] } ?? [])
                + (new.map { [.rank(in: ranking.name, by: 0, member: $0)] } ?? [])
        }
    }
}

/// Texts are ranked by the members' own bytes: the text, a zero byte, and the id.
enum RankedText {
    private static let maxLength = 100

    static func member(_ text: String, _ id: String) -> String {
        "\(String(text.lowercased().replacing("\0", with: "").prefix(maxLength)))\0\(id)"
    }

    static func id(of member: String) -> String {
        member.split(separator: "\0", omittingEmptySubsequences: false).last.map(String.init) ?? member
    }
}
