import EventStore
import HandlerRuntime
import JSON
import Testing

@Suite struct `A registry` {
    private struct Module: HandlerModule {
        let name: String
        let summary = ""
        var topics: [TopicDefinition] = []
        var methods: [String] = []

        var commands: [CommandDefinition] {
            methods.map { method in
                .query(method, "", returns: .boolean) { _, _ in .value(true) }
            }
        }
    }

    private func collision(of modules: [Module]) -> String? {
        do throws(Registry.Collision) {
            _ = try Registry(modules)
            return nil
        } catch { return error.description }
    }

    @Test func `takes modules that share nothing`() throws {
        let registry = try Registry([
            Module(name: "a", topics: [TopicDefinition("x")], methods: ["a.get", "a.list"]),
            Module(name: "b", topics: [TopicDefinition("y")], methods: ["b.get"]),
        ])
        #expect(registry.modules.map(\.name) == ["a", "b"])
        #expect(registry.commands.keys.sorted() == ["a.get", "a.list", "b.get"])
        #expect(registry.commands["a.list"]?.module == "a")
        #expect(registry.catalogue.topics.map(\.topic) == ["x", "y"])
    }

    @Test func `refuses two of a name`() throws {
        let text = try #require(collision(of: [Module(name: "a"), Module(name: "a")]))
        #expect(text.contains("a and a are both named a"))
    }

    @Test func `refuses a command that two claim, and names both`() throws {
        let modules = [Module(name: "a", methods: ["x.get"]), Module(name: "b", methods: ["x.get"])]
        let text = try #require(collision(of: modules))
        #expect(text.contains("a and b both claim the command x.get"))
    }

    @Test func `refuses a topic that two own, and names both`() throws {
        let modules = [
            Module(name: "a", topics: [TopicDefinition("x")]), Module(name: "b", topics: [TopicDefinition("x")]),
        ]
        let text = try #require(collision(of: modules))
        #expect(text.contains("a and b both own the topic x"))
    }

    @Test func `refuses a command that one module claims twice`() {
        #expect(collision(of: [Module(name: "a", methods: ["x.get", "x.get"])]) != nil)
    }
}
