import HandlerRuntime
import Mailing
import ShopContracts

/// The letters to customers, filled in.
struct Templates: Sendable {
    let set: Live<TemplateSet>

    static let forms = [welcome, goodbye, thanks, cancelled, shipped, delivered, backInStock, gone]

    private static let welcome = LetterForm("welcome", ["customer_name"])
    private static let goodbye = LetterForm("goodbye", ["customer_name"])
    private static let thanks = LetterForm("order_thanks", aboutOrders)
    private static let cancelled = LetterForm("order_cancelled", aboutOrders)
    private static let shipped = LetterForm("order_shipped", aboutParcels)
    private static let delivered = LetterForm("order_delivered", aboutParcels)
    private static let backInStock = LetterForm("back_in_stock", ["customer_name", "product_name"])
    private static let gone = LetterForm("sold_out", ["customer_name", "product_name"])

    private static let aboutParcels = ["customer_name", "order_id", "order_name", "tracking_code"]
    private static let aboutOrders = [
        "customer_name", "order_id", "order_number", "count", "single", "lines", "pieces", "name",
    ]

    func welcome(_ customer: Customer) -> Letter { letter(Self.welcome, to: customer) }
    func goodbye(_ customer: Customer) -> Letter { letter(Self.goodbye, to: customer) }

    func thanks(_ customer: Customer, _ order: Order, _ names: [String]) -> Letter {
        letter(Self.thanks, to: customer, about: order, names)
    }

    func cancelled(_ customer: Customer, _ order: Order, _ names: [String]) -> Letter {
        letter(Self.cancelled, to: customer, about: order, names)
    }

    func shipped(_ customer: Customer, _ order: Order, _ shipping: Shipping) -> Letter {
        letter(Self.shipped, to: customer, about: shipping, of: order)
    }

    func delivered(_ customer: Customer, _ order: Order, _ shipping: Shipping) -> Letter {
        letter(Self.delivered, to: customer, about: shipping, of: order)
    }

    func backInStock(_ customer: Customer, _ product: Product) -> Letter {
        letter(Self.backInStock, to: customer, ["product_name": .text(product.name)])
    }

    func gone(_ customer: Customer, _ product: Product) -> Letter {
        letter(Self.gone, to: customer, ["product_name": .text(product.name)])
    }

    // MARK: Filling in

    private func letter(
        _ form: LetterForm, to customer: Customer, _ values: [String: LetterValue] = [:]
    ) -> Letter {
        set.value.letter(form, values.merging(["customer_name": .text(customer.name)]) { $1 })
    }

    private func letter(
        _ form: LetterForm, to customer: Customer, about order: Order, _ names: [String]
    ) -> Letter {
        let values: [String: LetterValue] = [
            "order_id": .text(order.id.text), "order_number": .text(order.number.map { "\($0)" } ?? ""),
            "count": .text("\(names.count)"), "single": .flag(names.count == 1), "lines": .list(Self.lines(names)),
        ]
        return letter(form, to: customer, values)
    }

    /// Without a tracking code, the section about it is not there.
    private func letter(
        _ form: LetterForm, to customer: Customer, about shipping: Shipping, of order: Order
    ) -> Letter {
        letter(
            form, to: customer,
            [
                "order_id": .text(order.id.text), "order_name": .text(order.name),
                "tracking_code": shipping.trackingCode.map { .text($0) } ?? .flag(false),
            ])
    }

    /// One line a product, in the order in which they were ordered.
    private static func lines(_ names: [String]) -> [[String: String]] {
        var seen: [String] = []
        for name in names where !seen.contains(name) { seen.append(name) }
        return seen.map { name in ["name": name, "pieces": "\(names.count { $0 == name })"] }
    }
}
