import HandlerRuntime
import JSON

/// `trace.…`: how things came to happen.
extension ControlMethod {
    static func traces(_ search: StorySearch) -> [ControlMethod] {
        let id = Schema.line(1...200).example("order:0b0e9a1c-4b5d-4c7a-9a53-2f0f6f6d8a11")
        return [
            ControlMethod(
                "trace.get",
                "What caused what around an order, an entity, an event, a request or a trace, with times.",
                [
                    Field(
                        "id", id,
                        "an entity as TOPIC:ID or its id, an order's number, an event's, a request's, a trace's id")
                ], returns: Story.schema
            ) { parameters throws(Refusal) in
                try await search.story(of: parameters.text("id")).json
            }
        ]
    }
}
