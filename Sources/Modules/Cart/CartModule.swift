public import EventStore
public import HandlerRuntime
import JSON
public import ShopContracts

/// What customers mean to order.
public struct CartModule: HandlerModule {
    public let name = "cart"
    public let summary = "The carts of the customers"
    public let topics = [Cart.definition]
    private let currency: Currency
    /// nil: never.
    private let expireAfter: Duration?

    /// - Parameter expireAfter: how long a cart may lie untouched; nil: for ever.
    public init(currency: Currency, expireAfter: Duration? = nil) {
        self.currency = currency
        self.expireAfter = expireAfter
    }

    public var commands: [CommandDefinition] {
        CartCommands().definitions + [CartQuote(currency: currency).definition]
    }

    public var periodicWork: [PeriodicWork] {
        guard let expireAfter else { return [] }
        return [
            .overdue("expiry", in: Self.openIndex, for: expireAfter) {
                (id, unit) throws(Refusal) in
                guard let cart: Cart = try await unit.find(ID(id)), cart.status == .open else { return }
                unit.append(.expired, cart.expired())
            }
        ]
    }

    /// The open carts, those first that have not been touched for longest.
    static let openIndex = "cart.open"

    public let projections = [
        Projection.ever(Cart.topic, of: "customer_id"),
        Projection(of: Cart.topic, named: Cart.byCustomer.name) { change in
            let old = Self.owner(of: change.before)
            let new = Self.owner(of: change.after)
            if old == new { return [] }
            return (old.map { [.release(Cart.byCustomer, value: $0)] } ?? [])
                + (new.map { [.claim(Cart.byCustomer, value: $0, id: change.id)] } ?? [])
        },
        Projection(of: Cart.topic, named: Self.openIndex) { change in
            let old = Self.owner(of: change.before)
            let new = Self.owner(of: change.after)
            // At its end again.
            return (old == nil ? [] : [.remove(index: Self.openIndex, id: change.id)])
                + (new == nil ? [] : [.add(index: Self.openIndex, id: change.id)])
        },
    ]

    /// The customer of an open cart.
    private static func owner(of cart: JSONObject?) -> String? {
        cart?["status"] == "open" ? cart?["customer_id"]?.string : nil
    }
}
