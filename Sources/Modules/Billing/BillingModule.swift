public import EventStore
public import HandlerRuntime
public import Logging
public import Mailing
public import ShopContracts

/// Which orders were paid, and what was given back; asks for the money and says thanks for it.
public struct BillingModule: HandlerModule {
    public let name = "billing"
    public let summary = "The billings, refunds and mails about money"
    public let topics = [Billing.definition, Refund.definition]
    public let projections = [
        Projection.unique(Billing.byOrder), Projection.index(of: Refund.topic, by: "billing_id"),
    ]
    private let currency: Currency
    private let reactions: BillingReactions

    /// What it writes about.
    public static let letters = Templates.forms

    /// - Parameter templates: those of `letters` among them; they may change while it runs.
    public init(currency: Currency, templates: Live<TemplateSet>, logger: Logger) {
        self.currency = currency
        reactions = BillingReactions(currency: currency, templates: Templates(set: templates), logger: logger)
    }

    public var commands: [CommandDefinition] { BillingCommands(currency: currency).definitions }

    public var subscriptions: [Subscription] {
        [
            Subscription(Order.topic, .created, looksAt: reactions.references, reaction: reactions.orderPlaced),
            Subscription(Billing.topic, .created, looksAt: reactions.references, reaction: reactions.orderBilled),
        ]
    }
}
