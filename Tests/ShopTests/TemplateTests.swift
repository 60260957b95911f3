import ShopContracts
import Testing

@testable import BillingService
@testable import CRMService

@Suite struct `What customers are told` {
    @Test func `begins with their name`() throws {
        let customer = try Customer.named("Zoë")
        let letters = [
            CRMService.Templates.welcome(customer), CRMService.Templates.goodbye(customer),
            CRMService.Templates.thanks(customer, try .of([1]), ["Tea"]),
            CRMService.Templates.cancelled(customer, try .of([1]), ["Tea"]),
            CRMService.Templates.backInStock(customer, try .named("Tea")),
            CRMService.Templates.gone(customer, try .named("Tea")),
        ]
        for letter in letters { #expect(letter.body.hasPrefix("Dear Zoë,\n\n")) }
        #expect(Set(letters.map(\.subject)).count == letters.count)
        for letter in letters { #expect(!letter.subject.contains { $0.isNewline }) }
    }

    @Test func `of an order has the number and the names of the products`() throws {
        let letter = CRMService.Templates.thanks(
            try .named("Ann"), try .of([1, 2, 1, 1]), ["Tea", "Mug", "Tea", "Tea"])
        #expect(letter.body.contains("your order \(uuid(100)) of 4 products:\n\n  3 × Tea\n  1 × Mug\n"))
        let one = CRMService.Templates.cancelled(try .named("Ann"), try .of([1]), ["Tea"])
        #expect(one.body.contains("of 1 product is cancelled:\n\n  1 × Tea\n"))
    }

    @Test func `of the stock has the product's name in the subject`() throws {
        #expect(
            CRMService.Templates.backInStock(try .named("Ann"), try .named("Tea")).subject == "There again: Tea")
        #expect(CRMService.Templates.gone(try .named("Ann"), try .named("Tea")).subject == "Sold out: Tea")
    }

    @Test func `of money has the total with its currency`() throws {
        let (customer, order) = (try Customer.named("Ann"), try Order.of([1]))
        let total = Money(minorUnits: 1_250, currency: .euro)
        let please = BillingService.Templates.pleasePay(customer, order, total)
        let received = BillingService.Templates.received(customer, order, total)
        #expect(please.to == "ann@example.org" && received.to == "ann@example.org")
        #expect(please.subject == "Your order \(uuid(100)): please transfer € 12.50")
        #expect(received.subject == "We have received € 12.50")
        #expect(please.body.contains("€ 12.50") && please.body.contains(uuid(100)))
    }
}
