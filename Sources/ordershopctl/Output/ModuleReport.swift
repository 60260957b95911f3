import JSON

/// The answer of `module.show`: the facts, then the streams with what waits in each.
struct ModuleReport {
    private let module: JSONValue

    init(_ module: JSONValue) { self.module = module }

    func text(on screen: Screen) -> String {
        guard let object = module.object else { return Cell.text(module) }
        let facts = JSONObject(object.members.filter { $0.key != "checkpoint" }.map { ($0.key, $0.value) })
        let streams = (object["checkpoint"]?.object?.members ?? []).map { stream in
            JSONObject(
                [("stream", .string(stream.key))] + (stream.value.object?.members ?? []).map { ($0.key, $0.value) })
        }
        let table = streams.isEmpty ? "" : "\n\n" + Table(streams).text(on: screen)
        return Presentation.record(facts, screen) + table
    }
}
