public import EventStore
public import JSON

/// The commands that every kind of entity has: create, get, list, update, delete.
///
/// A module gives the rules; what is the same for all of them stands here.
public struct EntityCommands<E: Entity>: Sendable {
    public typealias Rule = @Sendable (E, UnitOfWork) async throws(Refusal) -> Void
    /// Makes of what a create was given what is written.
    public typealias Making = @Sendable (E, UnitOfWork) async throws(Refusal) -> E
    /// Makes of what an update was given what is written.
    public typealias Remaking = @Sendable (_ old: E, _ given: E, UnitOfWork) async throws(Refusal) -> E
    public typealias Change = @Sendable (_ old: E, _ new: E, UnitOfWork) async throws(Refusal) -> Void

    let noun: String
    let fields: [Field]
    let plural: String?

    /// - Parameters:
    ///   - noun: the first part of the methods' names and the REST path of one entity.
    ///   - plural: the REST path of all of them; nil where there is no REST.
    ///   - fields: the properties behind the id, as a create takes them.
    public init(_ noun: String, plural: String?, fields: [Field]) {
        self.noun = noun
        self.plural = plural
        self.fields = fields
    }

    // MARK: Changes

    /// - Parameters:
    ///   - prefetch: what the rule will ask for.
    ///   - complete: fills in what a create may leave out.
    ///   - rule: decides, and adds whatever must happen in the same step; the entity's own event comes behind.
    public func create(
        prefetch: @escaping @Sendable (JSONObject) -> [EntityReference] = { _ in [] },
        complete: @escaping @Sendable (JSONObject) -> JSONObject = { $0 },
        rule: @escaping Rule = { _, _ in }
    ) -> CommandDefinition {
        create(prefetch: prefetch, complete: complete) { (entity, unit) async throws(Refusal) -> E in
            try await rule(entity, unit)
            return entity
        }
    }

    /// - Parameter make: decides, and adds whatever must happen in the same step; the event of what it returns comes
    ///   behind.
    public func create(
        prefetch: @escaping @Sendable (JSONObject) -> [EntityReference] = { _ in [] },
        complete: @escaping @Sendable (JSONObject) -> JSONObject = { $0 },
        making make: @escaping Making
    ) -> CommandDefinition {
        .change(
            "\(noun).create", "Creates a new \(noun); the result is its id.", fields, returns: .uuid,
            http: createPaths.map { HTTPBinding(.post, $0, body: .batch) }, prefetch: prefetch
        ) { parameters, unit throws(Refusal) in
            let entity = try await make(try read(id: .random(), complete(parameters)), unit)
            unit.create(entity)
            return .string(entity.id.text)
        }
    }

    public func update(
        prefetch: @escaping @Sendable (JSONObject) -> [EntityReference] = { _ in [] },
        complete: @escaping @Sendable (JSONObject) -> JSONObject = { $0 },
        rule: @escaping Change = { _, _, _ in }
    ) -> CommandDefinition {
        update(prefetch: prefetch, complete: complete) { (old, new, unit) async throws(Refusal) -> E in
            try await rule(old, new, unit)
            return new
        }
    }

    /// - Parameters:
    ///   - own: what the shop writes into the entity by itself. A client may send it back as he got it.
    ///   - metadata: what the event says besides.
    public func update(
        prefetch: @escaping @Sendable (JSONObject) -> [EntityReference] = { _ in [] },
        complete: @escaping @Sendable (JSONObject) -> JSONObject = { $0 },
        own: [Field] = [], metadata: UnitOfWork.Metadata = [],
        making make: @escaping Remaking
    ) -> CommandDefinition {
        .change(
            "\(noun).update", "Replaces all properties of one \(noun).", [id] + fields + own, returns: .boolean,
            http: one(.put, body: .object),
            prefetch: { [reference($0)].compactMap(\.self) + prefetch($0) }
        ) { parameters, unit throws(Refusal) in
            let old = try await existing(parameters, in: unit)
            try refuseChange(of: own, in: old, parameters)
            var given = parameters
            for field in own { given[field.name] = nil }
            unit.update(try await make(old, try read(id: old.id, complete(given)), unit), metadata: metadata)
            return true
        }
    }

    private func refuseChange(of own: [Field], in entity: E, _ parameters: JSONObject) throws(Refusal) {
        let given = own.filter { parameters[$0.name] != nil }
        if given.isEmpty { return }
        let present = (try? JSONValue(parsing: entity.json))?.object
        let violations = given.filter { parameters[$0.name] != present?[$0.name] }.map { field in
            Violation(
                "/\(field.name)",
                "is set by the shop: leave it out, or send it as it is: \(present?[field.name]?.text ?? "not there")"
            )
        }
        if !violations.isEmpty { throw Refusal(violations) }
    }

    public func delete(rule: @escaping Rule = { _, _ in }) -> CommandDefinition {
        .change(
            "\(noun).delete", "Deletes one \(noun).", [id], returns: .boolean,
            http: one(.delete)
        ) { parameters, unit throws(Refusal) in
            let entity = try await existing(parameters, in: unit)
            try await rule(entity, unit)
            unit.delete(entity)
            return true
        }
    }

    /// The entity that `id` names.
    /// - Throws: `notFound` where there is none.
    public func existing(_ parameters: JSONObject, in unit: UnitOfWork) async throws(Refusal) -> E {
        let id = ID<E>(parameters["id"]?.string ?? "")
        guard let entity = try await unit.find(id) else {
            throw Refusal(
                .notFound, "there is no \(noun) \(id.text.prefix(100))",
                details: JSONObject([("entity", .string("\(noun):\(id.text.prefix(200))"))]))
        }
        try unit.meet(id)
        return entity
    }

    /// The parameter that names an entity. Anything may stand in it: what is no id names no entity.
    public var id: Field { Field("id", .line(1...200), "the \(noun)'s id") }

    private func reference(_ parameters: JSONObject) -> EntityReference? {
        parameters["id"]?.string.map { .id(E.topic, $0) }
    }

    private func read(id: ID<E>, _ parameters: JSONObject) throws(Refusal) -> E {
        do { return try E(id: id, fields: Fields(parameters)) } catch {
            throw Refusal([Violation("/\(error.name)", "is missing or of the wrong type")])
        }
    }

    // MARK: Queries

    public var get: CommandDefinition {
        .query(
            "\(noun).get", "One \(noun), as it is or as it was, or null where there is none.",
            [id, Field("at", .moment, required: false, "as it was then")], returns: .any(description).orNull,
            http: one(.get)
        ) { parameters, store throws(Refusal) in
            if let moment = parameters.moment("at") {
                return try await past(parameters, store).state(at: moment).map { .text($0.bytes) } ?? .value(.null)
            }
            guard let reference = reference(parameters) else { return .value(.null) }
            let states: [EntityState?]
            do throws(StoreError) { states = try await store.load([reference]) } catch { throw Refusal(error) }
            guard let state = states.first ?? nil, state.exists else { return .value(.null) }
            return .entity(state.bytes, revision: state.revision)
        }
    }

    // MARK: REST

    /// Both the plural and the singular path, which may be the same.
    private var createPaths: [String] {
        plural.map { $0 == noun ? ["/\($0)"] : ["/\($0)", "/\(noun)"] } ?? []
    }

    private func one(_ method: HTTPBinding.Method, body: HTTPBinding.Body = .none) -> [HTTPBinding] {
        plural == nil ? [] : [HTTPBinding(method, "/\(noun)/{id}", body: body)]
    }

    /// Entities may have more: what a create does not take, and what later versions add.
    var description: JSONObject {
        var description = Schema.object([Field("id", .uuid)] + fields).description
        description["additionalProperties"] = nil
        return description
    }
}

extension Schema {
    public static func any(_ members: [(String, JSONValue)]) -> Schema { .any(JSONObject(members)) }
}
