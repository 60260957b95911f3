import EventStore
import HandlerRuntime
import JSON
import ShopContracts

struct ShippingCommands {
    private let shipping = EntityCommands<Shipping>("shipping", plural: "shippings", fields: Shipping.fields)

    var definitions: [CommandDefinition] {
        [
            shipping.create(prefetch: Self.references, complete: Self.stamp, rule: Self.prepare).refusing(
                .conflict),
            shipping.get, shipping.list(by: [.by("order_id", .uuid, Shipping.byOrder, "the one of an order")]),
            shipping.history, shipping.difference, shipping.delete(rule: Self.unpack).refusing(.conflict),
            ship.refusing(.conflict), track, deliver.refusing(.conflict),
        ]
    }

    // MARK: Preparing

    private static func references(_ parameters: JSONObject) -> [EntityReference] {
        guard let id = parameters["order_id"]?.string else { return [] }
        return [OrderID(id).reference, .unique(Shipping.byOrder, id), .unique(Billing.byOrder, id)]
    }

    private static func stamp(_ parameters: JSONObject) -> JSONObject {
        var parameters = parameters
        parameters["status"] = .string(Shipping.Status.prepared.rawValue)
        parameters["created_at"] = .number(UnixTime.now)
        return parameters
    }

    private static func prepare(_ shipping: Shipping, in unit: UnitOfWork) async throws(Refusal) {
        guard let order = try await unit.find(shipping.orderID) else {
            throw Refusal([Violation("/order_id", "must be of an order that there is")])
        }
        if let holder = try await unit.claim(Shipping.byOrder, order.id.text, for: shipping.id) {
            throw Refusal(.conflict, "the order \(order.name) has a shipping already: \(holder)")
        }
        try ShippingRules.prepare(order, standing: try await order.standing(in: unit))
    }

    private static func unpack(_ shipping: Shipping, in unit: UnitOfWork) async throws(Refusal) {
        try ShippingRules.delete(shipping)
    }

    // MARK: On its way

    private var ship: CommandDefinition {
        .change(
            "shipping.ship", "A parcel leaves the house, and its order is shipped.",
            [shipping.id, Shipping.trackingCode], returns: .boolean,
            http: [HTTPBinding(.post, "/shipping/{id}/ship", body: .optionalObject)]
        ) { parameters, unit throws(Refusal) in
            let shipped = try ShippingRules.shipped(
                try await shipping.existing(parameters, in: unit),
                trackingCode: parameters["tracking_code"]?.string, at: UnixTime.now)
            try await OrderCommand.ship(shipped.orderID, in: unit)
            unit.append(.shipped, shipped)
            return true
        }
    }

    private var deliver: CommandDefinition {
        .change(
            "shipping.deliver", "A parcel has arrived, and its order is delivered.", [shipping.id],
            returns: .boolean, http: [HTTPBinding(.post, "/shipping/{id}/deliver")]
        ) { parameters, unit throws(Refusal) in
            let delivered = try ShippingRules.delivered(
                try await shipping.existing(parameters, in: unit), at: UnixTime.now)
            try await OrderCommand.deliver(delivered.orderID, in: unit)
            unit.append(.delivered, delivered)
            return true
        }
    }

    private var track: CommandDefinition {
        .change(
            "shipping.track", "Notes by which code the carrier knows a parcel.",
            [shipping.id, Field("tracking_code", .line(1...100), "the carrier's code")], returns: .boolean,
            http: [HTTPBinding(.put, "/shipping/{id}/tracking", body: .object)]
        ) { parameters, unit throws(Refusal) in
            var tracked = try await shipping.existing(parameters, in: unit)
            tracked.trackingCode = parameters["tracking_code"]?.string
            unit.update(tracked)
            return true
        }
    }
}
