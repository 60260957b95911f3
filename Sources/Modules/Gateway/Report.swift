import HandlerRuntime
import JSON

/// All there is in one object, a list behind the other.
struct Report: Sendable {
    static let path = "/report"
    private static let lists = [
        ("products", "product.list"), ("inventory", "inventory.list"), ("customers", "customer.list"),
        ("orders", "order.list"), ("billings", "billing.list"),
    ]

    let dispatcher: Dispatcher

    func chunks() async throws -> JSONChunks {
        var parts: [JSONChunks] = []
        for (index, (name, method)) in Self.lists.enumerated() {
            parts.append(.text("\(index == 0 ? "{" : ",")\"\(name)\":"))
            if case .stream(let list) = try await dispatcher.execute(method, JSONObject()) { parts.append(list) }
        }
        parts.append(.text("}"))
        return .concatenated(parts)
    }
}

extension JSONChunks {
    fileprivate static func text(_ text: String) -> JSONChunks {
        JSONChunks { continuation in
            continuation.yield(Array(text.utf8))
            continuation.finish()
        }
    }

    fileprivate static func concatenated(_ parts: [JSONChunks]) -> JSONChunks {
        let concatenation = Concatenation(parts)
        return JSONChunks { try await concatenation.next() }
    }
}

private actor Concatenation {
    private var rest: ArraySlice<JSONChunks>

    init(_ parts: [JSONChunks]) { rest = parts[...] }

    func next() async throws -> [UInt8]? {
        while let part = rest.first {
            for try await chunk in part { return chunk }
            rest.removeFirst()
        }
        return nil
    }
}
