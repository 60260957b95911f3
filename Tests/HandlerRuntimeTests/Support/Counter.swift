import EventStore
import HandlerRuntime
import JSON

/// A number that has a name.
struct Counter: Entity {
    static let definition = TopicDefinition("counter")
    static let fields = [Field("value", .integer(0...1_000_000), "the number")]

    let id: ID<Counter>
    var value: Int64

    init(id: ID<Counter>, fields: Fields) throws(Fields.Mismatch) {
        self.id = id
        value = try fields.int64("value")
    }

    func write(to writer: inout JSONWriter) { writer.member("value", value) }
}

extension StreamKey {
    static let counters = StreamKey("counter", .created)
    static let counterChanges = StreamKey("counter", .updated)
    static let echoes = StreamKey("echo", .created)
}

/// Keeps counters, and takes one from a counter that is more than nothing.
struct CounterModule: HandlerModule {
    let name = "counter"
    let summary = "Counters"
    let topics = [Counter.definition]

    private let counter = EntityCommands<Counter>("counter", plural: "counters", fields: Counter.fields)

    var commands: [CommandDefinition] {
        [counter.create(), counter.get, counter.list, counter.update(), counter.delete(), decrement]
    }

    private var decrement: CommandDefinition {
        .change(
            "counter.decrement", "Takes one.", [counter.id], returns: .integer(0...1_000_000)
        ) { parameters, unit throws(Refusal) in
            var entity = try await counter.existing(parameters, in: unit)
            guard entity.value > 0 else { throw Refusal(.conflict, "nothing is left") }
            entity.value -= 1
            unit.update(entity)
            return .number(JSONNumber(entity.value))
        }
    }
}

/// Calls commands of the counter module within steps of its own.
struct JoiningModule: HandlerModule {
    let name = "joining"
    let summary = "Joins commands"

    var commands: [CommandDefinition] {
        [
            .change(
                "joining.decrement", "Takes one of each, or of none.",
                [Field("ids", .array(of: .uuid, count: 1...10))], returns: .boolean
            ) { parameters, unit throws(Refusal) in
                for id in parameters["ids"]?.array ?? [] {
                    _ = try await unit.call("counter.decrement", JSONObject([("id", id)]))
                }
                return true
            },
            .change("joining.ask", "Calls a query.", [], returns: .boolean) { _, unit throws(Refusal) in
                try await unit.call("counter.list", JSONObject())
            },
            .change("joining.misspell", "Calls nothing.", [], returns: .boolean) { _, unit throws(Refusal) in
                try await unit.call("counter.decrement", JSONObject([("ID", "x")]))
            },
        ]
    }
}
