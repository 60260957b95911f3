import HandlerRuntime
import JSON
import ShopContracts

/// The rules of a parcel: prepared, then shipped, then delivered.
enum ShippingRules {
    static func shipped(
        _ shipping: Shipping, trackingCode: String?, at time: JSONNumber
    ) throws(Refusal) -> Shipping {
        try expect(.prepared, shipping, "be shipped")
        var shipped = shipping
        shipped.status = .shipped
        shipped.shippedAt = time
        shipped.trackingCode = trackingCode ?? shipping.trackingCode
        return shipped
    }

    static func delivered(_ shipping: Shipping, at time: JSONNumber) throws(Refusal) -> Shipping {
        try expect(.shipped, shipping, "be delivered")
        var delivered = shipping
        delivered.status = .delivered
        delivered.deliveredAt = time
        return delivered
    }

    /// Only what is still in the house can be unpacked.
    static func delete(_ shipping: Shipping) throws(Refusal) { try expect(.prepared, shipping, "be deleted") }

    /// Whether an order can have a parcel.
    static func prepare(_ order: Order, standing: OrderStatus) throws(Refusal) {
        if standing == .billed { return }
        throw Refusal(
            .conflict,
            "the order \(order.name) is \(standing) and cannot become shipped: only a billed order can",
            details: JSONObject([
                ("entity", .string("order:\(order.id)")), ("state", .string(standing.rawValue)),
                ("allowed", [.string(OrderStatus.billed.rawValue)]),
            ]))
    }

    private static func expect(
        _ status: Shipping.Status, _ shipping: Shipping, _ words: String
    ) throws(Refusal) {
        if shipping.status == status { return }
        throw Refusal(
            .conflict,
            "the shipping \(shipping.id) is \(shipping.status) and cannot \(words): only a \(status) one can",
            details: JSONObject([
                ("entity", .string("shipping:\(shipping.id)")), ("state", .string(shipping.status.rawValue)),
                ("allowed", [.string(status.rawValue)]),
            ]))
    }
}
