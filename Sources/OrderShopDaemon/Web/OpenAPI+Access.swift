import JSON

extension OpenAPI {
    /// Who may come in: none is needed for the shop's own from the machine itself, and one of them from anywhere else.
    enum Access {
        static let tag = "access"

        static let schemes: JSONValue = [
            "token": ["type": "http", "scheme": "bearer", "description": "a line of gateway.access.token_file"],
            "session": [
                "type": "apiKey", "in": "cookie", "name": "ordershop_session",
                "description": "from POST /login, for the browser that shows the gateway's own pages",
            ],
            "certificate": ["type": "mutualTLS", "description": "by an authority of gateway.tls.client_ca"],
        ]

        /// For every operation.
        static let security: JSONValue = [[:], ["token": []], ["session": []], ["certificate": []]]

        private static let problem: JSONValue = ["$ref": "#/components/responses/Problem"]

        /// The same with what anybody is refused with who may not come in.
        static func guarded(_ path: (String, JSONValue)) -> (String, JSONValue) {
            let operations = (path.1.object ?? JSONObject()).members.map { member -> (String, JSONValue) in
                (member.key, guarded(member.value.object ?? JSONObject()))
            }
            return (path.0, .object(JSONObject(operations)))
        }

        private static func guarded(_ operation: JSONObject) -> JSONValue {
            var responses = operation["responses"]?.object ?? JSONObject()
            for status in ["401", "403", "421"] + (operation["requestBody"] == nil ? [] : ["415"])
            where responses[status] == nil {
                responses[status] = problem
            }
            var guarded = operation
            guarded["responses"] = .object(responses)
            return .object(guarded)
        }

        // MARK: Paths

        static var paths: [(String, JSONValue)] {
            [
                ("/session", ["get": session("session", "Who you are, and what you may.")]),
                ("/login", ["post": login]),
                ("/logout", ["post": session("logout", "Ends the session.")]),
                ("/rpc", ["post": call]),
            ]
        }

        private static func session(_ id: String, _ summary: String) -> JSONValue {
            [
                "operationId": .string(id), "summary": .string(summary), "tags": [.string(tag)],
                "responses": ["200": answer("Who you are.", who)],
            ]
        }

        private static var login: JSONValue {
            var login = session("login", "Begins a session, in a cookie.").object ?? JSONObject()
            let body: JSONValue = [
                "type": "object", "required": ["token"], "properties": ["token": ["type": "string"]],
            ]
            login["requestBody"] = ["required": true, "content": ["application/json": ["schema": body]]]
            login["responses"] = [
                "200": answer("Who you are.", who), "400": problem, "413": problem, "422": problem, "429": problem,
            ]
            return .object(login)
        }

        private static var call: JSONValue {
            let request: JSONValue = [
                "type": "object", "required": ["jsonrpc", "method"],
                "properties": [
                    "jsonrpc": ["const": "2.0"], "id": ["type": ["string", "integer", "null"]],
                    "method": ["type": "string"], "params": ["type": "object"],
                ],
                "examples": [["jsonrpc": "2.0", "id": 1, "method": "daemon.health"]],
            ]
            let response = answer("The response of JSON-RPC 2.0, of a refusal, too.", ["type": "object"])
            return [
                "operationId": "rpc", "summary": "Calls a method of the control socket (JSON-RPC 2.0).",
                "tags": [.string(tag)],
                "requestBody": ["required": true, "content": ["application/json": ["schema": request]]],
                "responses": [
                    "200": response, "204": ["description": "It was a notification."], "401": response,
                    "403": response, "413": problem,
                ],
            ]
        }

        private static func answer(_ description: String, _ schema: JSONValue) -> JSONValue {
            ["description": .string(description), "content": ["application/json": ["schema": schema]]]
        }

        private static var who: JSONValue {
            [
                "type": "object", "required": ["role", "name", "expires_at", "can_login"],
                "properties": [
                    "role": ["enum": ["viewer", "operator", "admin", .null]], "name": ["type": ["string", "null"]],
                    "expires_at": ["type": ["string", "null"], "format": "date-time"],
                    "can_login": ["type": "boolean"],
                ],
            ]
        }
    }
}
