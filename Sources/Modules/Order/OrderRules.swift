import HandlerRuntime
import JSON
import ShopContracts

/// The rules of an order.
enum OrderRules {
    /// What is wrong with the references of an order.
    static func violations(in order: Order, missing: Set<ProductID>, customerExists: Bool) -> [Violation] {
        let products = order.productIDs.enumerated().filter { missing.contains($0.element) }.map {
            Violation("/product_ids/\($0.offset)", "must be of a product that there is")
        }
        return products + (customerExists ? [] : [Violation("/customer_id", "must be of a customer that there is")])
    }

    /// One line a product, in the order in which they were first named, at the prices of this moment.
    static func lines(
        _ ids: [ProductID], _ products: [ProductID: Product], _ currency: Currency
    ) throws(Refusal) -> [OrderLine] {
        var pieces: [ProductID: Int64] = [:]
        for id in ids { pieces[id, default: 0] += 1 }
        var lines: [OrderLine] = []
        for id in ids {
            guard let count = pieces.removeValue(forKey: id), let product = products[id] else { continue }
            guard let price = Money(product.price, currency), price.minorUnits >= 0 else {
                throw Refusal(
                    .conflict,
                    "the product \(id) costs \(product.price.text), which is no amount of \(currency.code): give it "
                        + "a price from 0 with at most \(currency.fractionDigits) digits behind the point",
                    details: JSONObject([("entity", .string("product:\(id)"))]))
            }
            guard let line = OrderLine(product, price: price, pieces: count) else { throw tooExpensive(currency) }
            lines.append(line)
        }
        return lines
    }

    /// What all lines cost together.
    static func total(of lines: [OrderLine], in currency: Currency) throws(Refusal) -> Money {
        guard let total = Money.sum(lines.map(\.total), in: currency), total.minorUnits <= Money.maxTotalMinorUnits
        else { throw tooExpensive(currency) }
        return total
    }

    private static func tooExpensive(_ currency: Currency) -> Refusal {
        let most = Money(minorUnits: Money.maxTotalMinorUnits, currency: currency)
        return Refusal(.conflict, "the order costs more than \(most.text), the most that one can: split it")
    }

    /// What the customer gave, as an order that is placed now.
    static func placed(
        _ order: Order, _ products: [ProductID: Product], _ currency: Currency, at time: JSONNumber
    ) throws(Refusal) -> Order {
        var placed = order
        placed.number = .wanted
        placed.status = .placed
        placed.lines = try lines(order.productIDs, products, currency)
        placed.total = try total(of: placed.lines, in: currency)
        placed.times = [.placed: time]
        return placed
    }

    /// A placed order with what the customer wants instead. It keeps its number and its time.
    static func changed(
        _ old: Order, to new: Order, _ products: [ProductID: Product], _ currency: Currency
    ) throws(Refusal) -> Order {
        var changed = new
        changed.number = old.number
        changed.status = .placed
        changed.lines = try lines(new.productIDs, products, currency)
        changed.total = try total(of: changed.lines, in: currency)
        changed.times = old.times
        return changed
    }
}
