public import EventStore
public import HandlerRuntime
import ShopContracts

/// The parcels, from the order that is paid to the customer's door.
public struct ShippingModule: HandlerModule {
    public let name = "shipping"
    public let summary = "The parcels of the orders"
    public let topics = [Shipping.definition]
    public let projections = [Projection.unique(Shipping.byOrder)]
    private let reactions: ShippingReactions

    /// - Parameter isAutomatic: whether a parcel is prepared for every order that is paid.
    public init(isAutomatic: Bool) { reactions = ShippingReactions(isAutomatic: isAutomatic) }

    public var commands: [CommandDefinition] { ShippingCommands().definitions }

    public var subscriptions: [Subscription] {
        [
            Subscription(Order.topic, .billed, reaction: reactions.orderBilled),
            Subscription(Order.topic, .cancelled, reaction: reactions.orderEnded),
            Subscription(Order.topic, .deleted, reaction: reactions.orderEnded),
        ]
    }
}
