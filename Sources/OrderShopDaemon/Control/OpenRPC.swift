import HandlerRuntime
import JSON

/// The description of all methods for programs: an OpenRPC document (https://spec.open-rpc.org, 1.3.2).
enum OpenRPC {
    static func document(of table: MethodTable) -> JSONValue {
        [
            "openrpc": "1.3.2",
            "info": [
                "title": "OrderShop", "version": .string(orderShopVersion),
                "description": "The control socket of ordershopd: JSON-RPC 2.0, one JSON text per line.",
            ],
            "methods": .array(table.rows.map(method)),
            "components": [
                "errors": .object(JSONObject(Refusal.Code.allCases.map { ($0.name, error($0)) }))
            ],
        ]
    }

    private static func method(_ row: MethodTable.Row) -> JSONValue {
        [
            "name": .string(row.name),
            "summary": .string(row.summary),
            "tags": [["name": .string(row.module ?? "daemon")]],
            "paramStructure": "by-name",
            "params": .array(row.parameters.map(parameter)),
            "result": ["name": "result", "schema": .object(row.result.description)],
            "errors": .array(row.refusals.map { ["$ref": .string("#/components/errors/\($0.name)")] }),
            "examples": [example(of: row)],
            "x-role": .string(row.role.name),
            "x-changes": .bool(!row.isQuery),
        ]
    }

    private static func parameter(_ field: Field) -> JSONValue {
        [
            "name": .string(field.name), "summary": .string(field.summary), "required": .bool(field.isRequired),
            "schema": .object(field.schema.description),
        ]
    }

    private static func error(_ code: Refusal.Code) -> JSONValue {
        [
            "code": .number(JSONNumber(Int64(code.jsonRPCCode))), "message": .string(code.title),
            "data": ["reason": .string(code.name), "advice": .string(code.advice)],
        ]
    }

    private static func example(of row: MethodTable.Row) -> JSONValue {
        let members = row.parameters.filter(\.isRequired).map { field -> JSONValue in
            ["name": .string(field.name), "value": field.schema.example]
        }
        let result: JSONValue = ["name": "result", "value": row.result.example]
        return ["name": .string(row.name), "params": .array(members), "result": result]
    }
}
