import HandlerRuntime
import ShopContracts

enum Templates {
    static func pleasePay(_ customer: Customer, _ order: Order, _ total: Money) -> Mail {
        Mail(
            id: .random(), to: customer.email, subject: "Your order \(order.id): please transfer \(total.text)",
            body: """
                Dear \(customer.name),

                thank you for your order. Please transfer \(total.text) with the reference
                \(order.id).

                """)
    }

    static func received(_ customer: Customer, _ order: Order, _ total: Money) -> Mail {
        Mail(
            id: .random(), to: customer.email, subject: "We have received \(total.text)",
            body: """
                Dear \(customer.name),

                we have received \(total.text) for your order
                \(order.id). Thank you!

                """)
    }
}
