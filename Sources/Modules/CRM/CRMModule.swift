public import EventStore
public import HandlerRuntime
import JSON
public import Logging
public import Mailing
import ShopContracts

/// What is said to customers, and the record of it.
public struct CRMModule: HandlerModule {
    public let name = "crm"
    public let summary = "The mails to customers, and what was said to whom"
    public let topics = [Interaction.definition]
    private let reactions: CRMReactions

    /// What it writes about.
    public static let letters = Templates.forms

    /// - Parameter templates: those of `letters` among them; they may change while it runs.
    public init(templates: Live<TemplateSet>, logger: Logger) {
        reactions = CRMReactions(templates: Templates(set: templates), logger: logger)
    }

    public var commands: [CommandDefinition] {
        [
            EntityCommands<Interaction>("interaction", plural: nil, fields: []).list(
                "crm.interactions", "What was said to a customer, oldest first.", in: Self.byCustomer,
                of: Field("customer_id", .uuid, "the customer"))
        ]
    }

    private static let byCustomer = "interaction.customer_id"

    public let projections = [
        Projection.index(of: Interaction.topic, by: "customer_id"),
        CRMReactions.buyersProjection,
    ]

    public var subscriptions: [Subscription] {
        [
            Subscription(Customer.topic, .created, reaction: reactions.customerCreated),
            Subscription(Customer.topic, .deleted, reaction: reactions.customerDeleted),
            Subscription(Order.topic, .created, looksAt: reactions.references, reaction: reactions.orderCreated),
            Subscription(Order.topic, .deleted, looksAt: reactions.references, reaction: reactions.orderDeleted),
            Subscription(
                Order.topic, .cancelled, looksAt: reactions.references, reaction: reactions.orderCancelled),
            Subscription(Shipping.topic, .shipped, looksAt: reactions.order, reaction: reactions.parcelShipped),
            Subscription(Shipping.topic, .delivered, looksAt: reactions.order, reaction: reactions.parcelDelivered),
            Subscription(Inventory.topic, .created, reaction: reactions.inventoryCreated),
            Subscription(Inventory.topic, .deleted, reaction: reactions.inventoryDeleted),
        ]
    }
}
