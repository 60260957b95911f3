import GatewayService
import HandlerRuntime
import JSON

/// The description of the REST API for programs: an OpenAPI document (https://spec.openapis.org/oas/v3.1.1).
///
/// It comes of the one table of commands, as the routes do.
struct OpenAPI {
    private let registry: Registry

    /// `/openapi.json`.
    static func page(_ registry: Registry) -> GatewayPage {
        let text = document(of: registry).bytes
        return GatewayPage("/openapi.json") { _ in GatewayPage.Answer(contentType: "application/json", body: text) }
    }

    static func document(of registry: Registry) -> JSONValue { OpenAPI(registry: registry).document }

    private var document: JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "OrderShop", "version": .string(orderShopVersion),
                "description": "The REST API of a shop's back office. What a 200 acknowledges is in the next GET.",
                "license": ["name": "Apache 2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": "/"]],
            "security": Access.security,
            "tags": .array(tags.map { ["name": .string($0)] }),
            "paths": .object(JSONObject(paths)),
            "components": [
                "schemas": ["Problem": .object(ProblemSchema.description)],
                "responses": ["Problem": ProblemSchema.response],
                "securitySchemes": Access.schemes,
            ],
        ]
    }

    // MARK: Paths

    private struct Route {
        let binding: HTTPBinding
        let module: String
        let command: CommandDefinition
        /// Unlike that of any other route, also of the same command.
        let id: String
    }

    private var routes: [Route] {
        let commands = registry.commands.values.sorted { $0.definition.method < $1.definition.method }
        return commands.flatMap { module, command in
            command.http.enumerated().map { number, binding in
                let id = number == 0 ? command.method : "\(command.method)-\(number + 1)"
                return Route(binding: binding, module: module, command: command, id: id)
            }
        }
    }

    private var tags: [String] {
        Set(routes.map(tag)).sorted() + ["events", "report", "documentation", Access.tag]
    }

    private func tag(of route: Route) -> String { String(route.command.method.prefix { $0 != "." }) }

    private var paths: [(String, JSONValue)] {
        let commands = Dictionary(grouping: routes, by: \.binding.path).sorted { $0.key < $1.key }.map {
            path, routes in
            let operations = routes.sorted { $0.binding.method.rawValue < $1.binding.method.rawValue }.map {
                ($0.binding.method.rawValue.lowercased(), operation($0))
            }
            return (path, JSONValue.object(JSONObject(operations)))
        }
        let others = [
            ("/report", Self.report), (EventsStream.path, Self.events), ("/docs", Self.page),
            ("/openapi.json", Self.itself),
        ]
        return (commands + others + Access.paths).map(Access.guarded)
    }

    private func operation(_ route: Route) -> JSONValue {
        var operation = JSONObject([
            ("operationId", .string(route.id)), ("summary", .string(route.command.summary)),
            ("tags", [.string(tag(of: route))]),
        ])
        let parameters = parameters(of: route)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = body(of: route) {
            operation["requestBody"] = [
                "required": .bool(route.binding.body != .optionalObject),
                "content": ["application/json": ["schema": body, "example": example(of: route)]],
            ]
        }
        operation["responses"] = .object(responses(of: route))
        return .object(operation)
    }

    // MARK: What goes in

    private func names(inPathOf route: Route) -> Set<String> {
        Set(
            route.binding.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
                String($0.dropFirst().dropLast())
            })
    }

    /// What has no body takes its parameters from the path and behind the question mark.
    private func parameters(of route: Route) -> [JSONValue] {
        let path = names(inPathOf: route)
        return route.command.parameters.compactMap { field in
            let isInPath = path.contains(field.name)
            guard isInPath || route.binding.body == .none else { return nil }
            return Self.parameter(field, in: isInPath ? "path" : "query")
        }
    }

    private func body(of route: Route) -> JSONValue? {
        let path = names(inPathOf: route)
        let object = JSONValue.object(
            Schema.object(route.command.parameters.filter { !path.contains($0.name) }).description)
        switch route.binding.body {
        case .none: return nil
        case .object, .optionalObject: return object
        case .batch: return ["oneOf": [object, ["type": "array", "items": object, "maxItems": 1_000]]]
        }
    }

    /// One that is taken, if what it names is there.
    private func example(of route: Route) -> JSONValue {
        let path = names(inPathOf: route)
        let fields = route.command.parameters.filter { !path.contains($0.name) }
        return .object(JSONObject(fields.map { ($0.name, $0.schema.example) }))
    }

    // MARK: What comes out

    private func responses(of route: Route) -> JSONObject {
        let result = JSONValue.object(route.command.result.description)
        let schema: JSONValue = route.binding.body == .batch ? ["type": "array", "items": result] : result
        let row = MethodTable.Row(route.module, route.command)
        let statuses = Set(row.refusals.map(\.httpStatus)).union(route.binding.body == .none ? [] : [400, 413])
        return JSONObject(
            [("200", Self.success(schema))]
                + statuses.subtracting([403]).sorted().map {
                    ("\($0)", ["$ref": "#/components/responses/Problem"])
                })
    }

    private static func success(_ schema: JSONValue) -> JSONValue {
        ["description": "Done.", "content": ["application/json": ["schema": schema]]]
    }

    private static var events: JSONValue {
        let cursor: JSONValue = [
            "name": "Last-Event-ID", "in": "header", "required": false,
            "description": "the id of the last event that came; goes before 'after'",
            "schema": .object(Schema.eventID.description),
        ]
        let stream: JSONValue = [
            "description": "Server-Sent Events, without end: each with the event's id, and the event as JSON.",
            "content": ["text/event-stream": ["schema": ["type": "string"]]],
        ]
        let refused: JSONValue = ["$ref": "#/components/responses/Problem"]
        return [
            "get": [
                "operationId": "events", "summary": "What happens, as it happens, each event once.",
                "tags": ["events"],
                "parameters": .array(EventsStream.fields.map { parameter($0, in: "query") } + [cursor]),
                "responses": ["200": stream, "400": refused, "422": refused, "503": refused],
            ]
        ]
    }

    private static let page: JSONValue = [
        "get": [
            "operationId": "docs", "summary": "A page to read about the API, and to try it.",
            "tags": ["documentation"],
            "responses": [
                "200": ["description": "The page.", "content": ["text/html": ["schema": ["type": "string"]]]]
            ],
        ]
    ]

    private static let itself: JSONValue = [
        "get": [
            "operationId": "openapi", "summary": "This description, for programs.", "tags": ["documentation"],
            "responses": ["200": success(["type": "object"])],
        ]
    ]

    private static func parameter(_ field: Field, in place: String) -> JSONValue {
        [
            "name": .string(field.name), "in": .string(place),
            "required": .bool(field.isRequired || place == "path"), "description": .string(field.summary),
            "schema": .object(field.schema.description),
            "example": field.name == "id" ? Schema.uuid.example : field.schema.example,
        ]
    }

    private static var report: JSONValue {
        let lists = ["products", "inventory", "customers", "orders", "billings"]
        let schema: JSONValue = [
            "type": "object", "required": .array(lists.map { .string($0) }),
            "properties": .object(JSONObject(lists.map { ($0, ["type": "array"]) })),
        ]
        return [
            "get": [
                "operationId": "report", "summary": "All there is in one object, a list behind the other.",
                "tags": ["report"],
                "responses": ["200": success(schema), "503": ["$ref": "#/components/responses/Problem"]],
            ]
        ]
    }
}

/// A refusal on REST: RFC 9457.
private enum ProblemSchema {
    static var description: JSONObject {
        JSONObject([
            ("type", "object"), ("required", ["type", "title", "status", "detail", "request_id"]),
            (
                "properties",
                [
                    "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
                    "detail": ["type": "string"], "request_id": ["type": "string"],
                    "errors": ["type": "array", "items": .object(violation)],
                ]
            ),
        ])
    }

    private static var violation: JSONObject {
        JSONObject([
            ("type", "object"), ("required", ["pointer", "detail"]),
            ("properties", ["pointer": ["type": "string"], "detail": ["type": "string"]]),
        ])
    }

    static var response: JSONValue {
        [
            "description": "Refused: what was wrong, and where.",
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
    }
}
