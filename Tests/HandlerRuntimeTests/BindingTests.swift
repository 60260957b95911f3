import HandlerRuntime
import Testing

@Suite struct `The REST table` {
    private func table(_ noun: String, plural: String?) -> [String] {
        let entity = EntityCommands<Counter>(noun, plural: plural, fields: Counter.fields)
        return [entity.create(), entity.get, entity.list, entity.update(), entity.delete()].flatMap { command in
            command.http.map { "\($0.method.rawValue) \($0.path) \($0.body) → \(command.method)" }
        }
    }

    @Test func `has the plural and the singular path of an entity`() {
        #expect(
            table("counter", plural: "counters") == [
                "POST /counters batch → counter.create", "POST /counter batch → counter.create",
                "GET /counter/{id} none → counter.get", "GET /counters none → counter.list",
                "PUT /counter/{id} object → counter.update", "DELETE /counter/{id} none → counter.delete",
            ])
    }

    @Test func `has one path where plural and singular are the same`() {
        #expect(
            table("stock", plural: "stock") == [
                "POST /stock batch → stock.create", "GET /stock/{id} none → stock.get",
                "GET /stock none → stock.list", "PUT /stock/{id} object → stock.update",
                "DELETE /stock/{id} none → stock.delete",
            ])
    }

    @Test func `has nothing of an entity without REST`() {
        #expect(table("secret", plural: nil) == [])
    }
}
