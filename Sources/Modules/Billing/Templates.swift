import HandlerRuntime
import Mailing
import ShopContracts

/// The letters about money, filled in.
struct Templates: Sendable {
    let set: Live<TemplateSet>

    static let forms = [pleasePay, received]

    private static let names = ["customer_name", "order_id", "order_number", "total"]
    private static let pleasePay = LetterForm("please_pay", names)
    private static let received = LetterForm("payment_received", names)

    func pleasePay(_ customer: Customer, _ order: Order, _ total: Money) -> Mail {
        mail(Self.pleasePay, customer, order, total)
    }

    func received(_ customer: Customer, _ order: Order, _ total: Money) -> Mail {
        mail(Self.received, customer, order, total)
    }

    private func mail(_ form: LetterForm, _ customer: Customer, _ order: Order, _ total: Money) -> Mail {
        let letter = set.value.letter(
            form,
            [
                "customer_name": .text(customer.name), "order_id": .text(order.id.text),
                "order_number": .text(order.number.map { "\($0)" } ?? ""), "total": .text(total.text),
            ])
        return Mail(
            id: .random(), to: customer.email, subject: letter.subject, body: letter.text, html: letter.html,
            for: customer.id)
    }
}
