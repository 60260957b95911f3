import ShopContracts

/// What an order costs.
enum Total {
    /// The sum of the prices, nil where it does not fit.
    static func of(_ prices: [Money], in currency: Currency) -> Money? {
        var sum: Money? = Money(minorUnits: 0, currency: currency)
        for price in prices { sum = sum?.adding(price) }
        return sum
    }
}
