import HandlerRuntime
import JSON
import NIOCore

/// All there is in one object, a list behind the other.
struct Report: Sendable {
    static let path = "/report"
    private static let lists = [
        ("products", "product.list"), ("inventory", "inventory.list"), ("customers", "customer.list"),
        ("orders", "order.list"), ("billings", "billing.list"),
    ]

    let dispatcher: Dispatcher

    func chunks() async throws(Refusal) -> JSONChunks {
        var parts: [JSONChunks] = []
        for (index, (name, method)) in Self.lists.enumerated() {
            parts.append(.text(ByteBuffer(string: "\(index == 0 ? "{" : ",")\"\(name)\":")))
            guard case .stream(let list) = try await dispatcher.execute(method, JSONObject()).answer else {
                continue
            }
            parts.append(try await list.begun())
        }
        parts.append(.text(ByteBuffer(string: "}")))
        return .concatenated(parts)
    }
}
