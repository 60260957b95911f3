import HandlerRuntime
import JSON
import ShopContracts

/// The rules of money: an order is paid at its total, and no more is given back than was paid.
enum BillingRules {
    /// What a billing is worth.
    /// - Parameter given: what the caller says was paid; nil: the total.
    static func amount(given: Money?, total: Money, of order: Order) throws(Refusal) -> Money {
        guard let given, given != total else { return total }
        throw Refusal(
            .conflict,
            "the order \(order.name) costs \(total.text), and \(given.text) was paid: only the total can be billed",
            details: details(amount: given, ("total", total)))
    }

    /// What remains when an amount is given back.
    /// - Parameter amount: nil: all that is left.
    /// - Returns: what is given back now, and what was given back then in all.
    static func refund(
        _ amount: Money?, of paid: Money, refunded: Money
    ) throws(Refusal) -> (amount: Money, refunded: Money) {
        guard let rest = paid.subtracting(refunded), rest.minorUnits > 0 else {
            throw Refusal(
                .conflict, "nothing is left to be refunded: \(refunded.text) of \(paid.text) were given back",
                details: details(amount: amount ?? paid, ("paid", paid), ("refunded", refunded)))
        }
        let amount = amount ?? rest
        guard amount.minorUnits > 0 else { throw Refusal([Violation("/amount", "must be more than 0")]) }
        guard amount.currency == paid.currency, amount.minorUnits <= rest.minorUnits,
            let all = refunded.adding(amount)
        else {
            throw Refusal(
                .conflict,
                "\(amount.text) cannot be refunded: of \(paid.text) that were paid, \(rest.text) are left",
                details: details(amount: amount, ("paid", paid), ("refunded", refunded)))
        }
        return (amount, all)
    }

    /// A billing can be changed as long as it tells of the same money.
    static func changed(_ old: Billing, to new: Billing, total: Money) throws(Refusal) -> Billing {
        var changed = new
        let amount = old.amount ?? total
        if let given = new.amount, given != amount {
            throw Refusal(
                .conflict,
                "the billing \(old.id) is of \(amount.text) and cannot become one of \(given.text): delete it, and "
                    + "bill the order anew", details: details(amount: given, ("paid", amount)))
        }
        changed.amount = amount
        changed.refunded = old.refunded ?? Money(minorUnits: 0, currency: amount.currency)
        return changed
    }

    /// What was refunded does not become unpaid.
    static func withdraw(_ billing: Billing) throws(Refusal) {
        guard let refunded = billing.refunded, refunded.minorUnits > 0 else { return }
        throw Refusal(
            .conflict,
            "\(refunded.text) of the billing \(billing.id) were refunded: it cannot be taken back from its order",
            details: JSONObject([
                ("entity", .string("billing:\(billing.id)")), ("refunded", .number(refunded.number)),
            ]))
    }

    private static func details(amount: Money, _ more: (String, Money)...) -> JSONObject {
        let amounts = [("amount", amount)] + more
        return JSONObject(
            amounts.map { ($0.0, .number($0.1.number)) } + [("currency", .string(amount.currency.code))])
    }
}
