public import HandlerRuntime
import JSON

/// The steps in an order's life that other modules take within a step of their own. Each is refused where the order's
/// state is against it.
public enum OrderCommand {
    /// It is paid.
    public static func bill(_ order: OrderID, in unit: UnitOfWork) async throws(Refusal) {
        try await call("order.bill", order, unit)
    }

    /// Its billing is taken back.
    public static func unbill(_ order: OrderID, in unit: UnitOfWork) async throws(Refusal) {
        try await call("order.unbill", order, unit)
    }

    /// It leaves the house, and its pieces with it.
    public static func ship(_ order: OrderID, in unit: UnitOfWork) async throws(Refusal) {
        try await call("order.ship", order, unit)
    }

    /// The customer has it.
    public static func deliver(_ order: OrderID, in unit: UnitOfWork) async throws(Refusal) {
        try await call("order.deliver", order, unit)
    }

    /// It does not come to anything: its pieces go back, and what was paid is refunded.
    /// - Parameter reason: for those who read the order's history.
    public static func cancel(
        _ order: OrderID, because reason: String? = nil, in unit: UnitOfWork
    ) async throws(Refusal) {
        var parameters = JSONObject([("id", .string(order.text))])
        parameters["reason"] = reason.map { .string($0) }
        _ = try await unit.call("order.cancel", parameters)
    }

    private static func call(_ step: String, _ order: OrderID, _ unit: UnitOfWork) async throws(Refusal) {
        _ = try await unit.call(step, JSONObject([("id", .string(order.text))]))
    }
}
