import HandlerRuntime
import Mailing
import ShopContracts
import TestKit
import Testing

@testable import BillingService
@testable import CRMService

@Suite struct `What customers are told` {
    private let crm: CRMService.Templates
    private let billing: BillingService.Templates

    init() throws {
        let set = Live(try TemplateSet.builtIn(CRMModule.letters + BillingModule.letters))
        (crm, billing) = (CRMService.Templates(set: set), BillingService.Templates(set: set))
    }

    @Test func `begins with their name`() throws {
        let customer = try Customer.named("Zoë")
        let letters = [
            crm.welcome(customer), crm.goodbye(customer), crm.thanks(customer, try .of([1]), ["Tea"]),
            crm.cancelled(customer, try .of([1]), ["Tea"]), crm.backInStock(customer, try .named("Tea")),
            crm.gone(customer, try .named("Tea")),
        ]
        for letter in letters {
            #expect(letter.text.hasPrefix("Dear Zoë,\n\n"))
            #expect(letter.html?.contains("<p>Dear Zoë,</p>") == true)
            #expect(!letter.text.contains("{{") && letter.html?.contains("{{") == false)
        }
        #expect(Set(letters.map(\.subject)).count == letters.count)
        for letter in letters { #expect(!letter.subject.contains { $0.isNewline }) }
    }

    @Test func `of an order has the number and the names of the products`() throws {
        let letter = crm.thanks(try .named("Ann"), try .of([1, 2, 1, 1]), ["Tea", "Mug", "Tea", "Tea"])
        #expect(letter.text.contains("your order \(uuid(100)) of 4 products:\n\n  3 × Tea\n  1 × Mug\n"))
        #expect(letter.html?.contains("<li>3 × Tea</li>") == true)
        let one = crm.cancelled(try .named("Ann"), try .of([1]), ["Tea"])
        #expect(one.text.contains("of 1 product is cancelled:\n\n  1 × Tea\n"))
    }

    @Test func `of the stock has the product's name in the subject`() throws {
        #expect(crm.backInStock(try .named("Ann"), try .named("Tea")).subject == "There again: Tea")
        #expect(crm.gone(try .named("Ann"), try .named("Tea")).subject == "Sold out: Tea")
    }

    @Test func `of money has the total with its currency`() throws {
        let (customer, order) = (try Customer.named("Ann"), try Order.of([1]))
        let total = Money(minorUnits: 1_250, currency: .euro)
        let please = billing.pleasePay(customer, order, total)
        let received = billing.received(customer, order, total)
        #expect(please.to == "ann@example.org" && received.to == "ann@example.org")
        #expect(please.subject == "Your order \(uuid(100)): please transfer € 12.50")
        #expect(received.subject == "We have received € 12.50")
        #expect(please.body.contains("€ 12.50") && please.body.contains(uuid(100)))
    }

    @Test func `cannot bring mark-up into a page, nor a line into a subject`() throws {
        let evil = "<script>'\"&\r\nBcc: eve@example.org"
        let letter = crm.gone(try .named(evil), try .named(evil))
        #expect(letter.html?.contains("<script>") == false)
        #expect(letter.html?.contains("&lt;script&gt;") == true)
        #expect(!letter.subject.unicodeScalars.contains { ["\r", "\n"].contains($0) })
        #expect(letter.text.contains("<script>'\"&"))
    }
}

@Suite struct `Templates of a directory` {
    private let form = LetterForm("welcome", ["customer_name", "lines", "name"])

    private func read(_ files: [String: String], locale: String = "") throws -> TemplateSet {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        for (name, text) in files { try write(text, to: directory.file(name)) }
        return try TemplateSet([form], directory: directory.path, locale: locale)
    }

    private func problem(_ files: [String: String]) -> String? {
        do { _ = try read(files) } catch { return "\(error)".split(separator: "/").last.map(String.init) }
        return nil
    }

    @Test func `go before the built-in ones, and those in the shop's language before them`() throws {
        let files = [
            "welcome.txt": "Subject: Hi\n\nHi {{customer_name}}", "de/welcome.txt": "Subject: Hallo\n\nHallo",
        ]
        let plain = try read(files).letter(form, ["customer_name": .text("Ann & Bob")])
        #expect(plain == Letter(subject: "Hi", text: "Hi Ann & Bob", html: nil))
        #expect(try read(files, locale: "de").letter(form, [:]).subject == "Hallo")
        #expect(try read(files, locale: "fr").letter(form, [:]).subject == "Hi")
        #expect(try read([:]).letter(form, [:]).subject == "Welcome!")
    }

    @Test func `are refused by file and line where they are wrong`() {
        let head = "Subject: Hi\n\n"
        #expect(problem(["welcome.txt": "Hi\n"])?.hasPrefix("welcome.txt:1: does not begin with") == true)
        #expect(
            problem(["welcome.txt": head + "a\n{{custmer_name}}\n"])
                == "welcome.txt:4: {{custmer_name}} is not known here; expected one of customer_name, lines, name")
        #expect(problem(["welcome.txt": "Subject: {{x}}\n\n"])?.hasPrefix("welcome.txt:1: {{x}}") == true)
        for raw in ["{{{customer_name}}}", "{{&customer_name}}"] {
            let message = problem(["welcome.txt": head, "welcome.html": "<p>\n\(raw)"])
            #expect(message?.hasPrefix("welcome.html:2: ") == true && message?.contains("escaped") == true)
        }
        for foreign in ["{{>other}}", "{{=<% %>=}}", "{{% CONTENT_TYPE:TEXT}}", "{{}}"] {
            #expect(problem(["welcome.txt": head + foreign])?.hasPrefix("welcome.txt:3: ") == true, "\(foreign)")
        }
        for open in ["{{#lines}}", "{{customer_name", "{{#lines}}{{/name}}"] {
            #expect(problem(["welcome.txt": head + open])?.contains("is no template") == true, "\(open)")
        }
    }
}
