/// What kind of entity a stream tells of: `customer`, `order` …
public struct Topic: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }
    public init(stringLiteral value: String) { name = value }

    public var description: String { name }

    public static func < (left: Topic, right: Topic) -> Bool { left.name < right.name }
}

/// What happened to the entity: `created`, `updated`, `deleted`, or a word of the topic's own.
public struct Action: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let name: String

    public static let created: Action = "created"
    public static let updated: Action = "updated"
    /// The only action after which there is no entity.
    public static let deleted: Action = "deleted"

    public init(_ name: String) { self.name = name }
    public init(stringLiteral value: String) { name = value }

    public var description: String { name }
}

/// One stream: the events of one topic and action, `events:{customer}_created` in Redis.
public struct StreamKey: Sendable, Hashable, CustomStringConvertible {
    public let topic: Topic
    public let action: Action

    public init(_ topic: Topic, _ action: Action) {
        self.topic = topic
        self.action = action
    }

    /// Reads the key's name without the shop's prefix; nil where it is not one of an event stream.
    public init?(parsing name: some StringProtocol) {
        let opening = "events:{"
        guard name.hasPrefix(opening), let brace = name.firstIndex(of: "}") else { return nil }
        let rest = name[name.index(after: brace)...]
        let topic = name[name.index(name.startIndex, offsetBy: opening.count)..<brace]
        guard rest.hasPrefix("_"), rest.count > 1, !topic.isEmpty else { return nil }
        self.init(Topic(String(topic)), Action(String(rest.dropFirst())))
    }

    /// The key's name without the shop's prefix. The braces are literal: a Redis Cluster's hash tag.
    public var description: String { "events:{\(topic.name)}_\(action.name)" }
}

/// A topic with its actions: the streams that there are.
public struct TopicDefinition: Sendable {
    public let topic: Topic
    /// The action with which an entity of this topic begins. Lists go along this stream.
    public let birth: Action
    public let actions: [Action]
    /// From the first form of its entities to the second, from that to the third …
    public let upcasters: [Upcaster]
    /// What of its entities tells of a person.
    public let personal: PersonalMembers?

    public init(
        _ topic: Topic, birth: Action = .created, actions: [Action] = [.created, .updated, .deleted],
        upcasters: [Upcaster] = [], personal: PersonalMembers? = nil
    ) {
        self.topic = topic
        self.birth = birth
        self.actions = actions
        self.upcasters = upcasters
        self.personal = personal
    }

    public var streams: [StreamKey] { actions.map { StreamKey(topic, $0) } }
    public var birthStream: StreamKey { StreamKey(topic, birth) }
}
