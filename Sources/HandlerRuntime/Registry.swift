public import EventStore

/// The modules of a daemon and the one table of their commands.
public struct Registry: Sendable {
    public let modules: [any HandlerModule]
    /// What can be called from outside.
    public let commands: [String: (module: String, definition: CommandDefinition)]
    /// What only modules can call.
    let steps: [String: (module: String, definition: CommandDefinition)]

    /// Why modules cannot live together.
    public struct Collision: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Throws: `Collision` where two modules have one name, claim one command or own one topic.
    public init(_ modules: [any HandlerModule]) throws(Collision) {
        self.modules = modules
        try Self.refuseTwo(modules.map { ($0.name, $0.name) }, "are both named")
        try Self.refuseTwo(modules.flatMap { m in m.topics.map { ($0.topic.name, m.name) } }, "both own the topic")
        let commands = modules.flatMap { module in module.commands.map { (module.name, $0) } }
        try Self.refuseTwo(commands.map { ($0.1.method, $0.0) }, "both claim the command")
        self.commands = Self.table(of: commands.filter { !$0.1.isStep })
        steps = Self.table(of: commands.filter(\.1.isStep))
    }

    private static func table(
        of commands: [(String, CommandDefinition)]
    ) -> [String: (module: String, definition: CommandDefinition)] {
        Dictionary(uniqueKeysWithValues: commands.map { ($0.1.method, (module: $0.0, definition: $0.1)) })
    }

    private static func refuseTwo(_ claims: [(what: String, module: String)], _ verb: String) throws(Collision) {
        for (what, claims) in Dictionary(grouping: claims, by: \.what) where claims.count > 1 {
            let names = claims.map(\.module).joined(separator: " and ")
            throw Collision(description: "the modules \(names) \(verb) \(what): each must be of one module only")
        }
    }

    /// What the store must know of the modules.
    public var catalogue: Catalogue {
        Catalogue(
            topics: modules.flatMap(\.topics), projections: modules.flatMap(\.projections),
            handlers: Dictionary(uniqueKeysWithValues: modules.map { ($0.name, $0.streams) }),
            inlineOwners: inlineOwners)
    }

    /// Streams whose events need not be delivered to their owner.
    var inlineStreams: Set<StreamKey> { Set(inlineOwners.keys) }

    /// Streams whose owner does nothing for an event but keep its cache: it need not be delivered.
    private var inlineOwners: [StreamKey: String] {
        var owners: [StreamKey: String] = [:]
        for module in modules {
            let reacting = Set(module.subscriptions.map(\.stream))
            for stream in module.topics.flatMap(\.streams) where !reacting.contains(stream) {
                owners[stream] = module.name
            }
        }
        return owners
    }
}

extension HandlerModule {
    /// The streams that the module handles: its own entities' and those that it reacts to.
    var streams: [StreamKey] {
        let own = topics.flatMap(\.streams)
        return own + subscriptions.map(\.stream).filter { !own.contains($0) }
    }

    /// The streams that the module has work with when something is appended to them.
    func heard(inline: Set<StreamKey>) -> [StreamKey] {
        topics.flatMap(\.streams).filter { !inline.contains($0) } + subscriptions.map(\.stream)
    }
}
