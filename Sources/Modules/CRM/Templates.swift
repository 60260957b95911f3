import ShopContracts

/// What is said in a mail.
struct Letter: Sendable, Equatable {
    let subject: String
    let body: String
}

enum Templates {
    static func welcome(_ customer: Customer) -> Letter {
        letter("Welcome!", to: customer, "welcome! It is good to have you here.")
    }

    static func goodbye(_ customer: Customer) -> Letter {
        letter("Goodbye!", to: customer, "your account is closed. Goodbye, and thank you for the time with us.")
    }

    static func thanks(_ customer: Customer, _ order: Order, _ names: [String]) -> Letter {
        letter(
            "Thank you for your order", to: customer,
            "thank you for your order \(order.id) of \(count(names)):\n\n\(list(names))")
    }

    static func cancelled(_ customer: Customer, _ order: Order, _ names: [String]) -> Letter {
        letter(
            "Your order is cancelled", to: customer,
            "your order \(order.id) of \(count(names)) is cancelled:\n\n\(list(names))")
    }

    static func shipped(_ customer: Customer, _ order: Order, _ shipping: Shipping) -> Letter {
        let code = shipping.trackingCode.map { "\n\nThe carrier knows it as \($0)." } ?? ""
        return letter(
            "Your order is on its way", to: customer, "your order \(order.name) has left our house.\(code)")
    }

    static func delivered(_ customer: Customer, _ order: Order, _ shipping: Shipping) -> Letter {
        letter(
            "Your order has arrived", to: customer,
            "your order \(order.name) has arrived. We hope that you enjoy it.")
    }

    static func backInStock(_ customer: Customer, _ product: Product) -> Letter {
        letter(
            "There again: \(product.name)", to: customer, "what you ordered before is there again: \(product.name)."
        )
    }

    static func gone(_ customer: Customer, _ product: Product) -> Letter {
        letter("Sold out: \(product.name)", to: customer, "what you ordered before is gone: \(product.name).")
    }

    private static func letter(_ subject: String, to customer: Customer, _ text: String) -> Letter {
        Letter(subject: subject, body: "Dear \(customer.name),\n\n\(text)\n")
    }

    private static func count(_ names: [String]) -> String {
        names.count == 1 ? "1 product" : "\(names.count) products"
    }

    /// One line a product, in the order in which they were ordered: `2 × Tea`.
    private static func list(_ names: [String]) -> String {
        var seen: [String] = []
        for name in names where !seen.contains(name) { seen.append(name) }
        return seen.map { name in "  \(names.count { $0 == name }) × \(name)" }.joined(separator: "\n")
    }
}
