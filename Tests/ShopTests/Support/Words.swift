import Foundation
import HandlerRuntime
import JSON
import ShopContracts

/// Ids that are easy to tell apart.
func uuid(_ number: Int) -> String {
    let digits = String(number)
    return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
}

func parsed(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

extension JSONNumber {
    /// As it is written in JSON.
    static func written(_ text: String) throws -> JSONNumber {
        guard let number = try parsed(text).number else { throw NoNumber() }
        return number
    }

    private struct NoNumber: Error {}
}

extension Entity {
    /// An entity from what stands in an event.
    static func stored(_ text: String) throws -> Self { try Self(stored: try parsed(text).object ?? JSONObject()) }

    var text: String { String(decoding: json, as: UTF8.self) }
}

extension Customer {
    static func named(_ name: String, _ email: String = "ann@example.org") throws -> Customer {
        try Customer(
            id: ID(uuid(7)), fields: Fields(JSONObject([("name", .string(name)), ("email", .string(email))])))
    }
}

extension Order {
    static func of(_ products: [Int], by customer: Int = 7) throws -> Order {
        try Order(
            id: ID(uuid(100)),
            fields: Fields(
                JSONObject([
                    ("product_ids", .array(products.map { .string(uuid($0)) })),
                    ("customer_id", .string(uuid(customer))),
                ])))
    }
}

extension Product {
    static func named(_ name: String) throws -> Product {
        try Product(id: ID(uuid(1)), fields: Fields(JSONObject([("name", .string(name)), ("price", 1)])))
    }
}

/// The code of the refusal that `body` ends with; nil when it is not refused.
func refusalCode(_ body: () throws -> Void) -> Refusal.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? Refusal)?.code
    }
}

/// Writes a file, and makes its directory.
func write(_ text: String, to path: String) throws {
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
}
