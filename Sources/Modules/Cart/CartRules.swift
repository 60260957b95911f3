import HandlerRuntime
import JSON
import ShopContracts

/// The rules of a cart.
extension Cart {
    /// An order has no more.
    static let maxPieces: Int64 = 1_000

    var pieces: Int64 { lines.reduce(0) { $0 + $1.pieces } }

    /// With so many pieces of a product more.
    func adding(_ pieces: Int64, of product: ProductID, at time: JSONNumber) throws(Refusal) -> Cart {
        let there = lines.first { $0.productID == product }?.pieces ?? 0
        return try having(there + pieces, of: product, at: time)
    }

    /// With so many pieces of a product, none of which may be in it yet; with no pieces, without it.
    func having(_ pieces: Int64, of product: ProductID, at time: JSONNumber) throws(Refusal) -> Cart {
        var cart = try changed(at: time)
        let place = lines.firstIndex { $0.productID == product }
        if let place, pieces == 0 {
            cart.lines.remove(at: place)
        } else if let place {
            cart.lines[place].pieces = pieces
        } else if pieces > 0 {
            cart.lines.append(Line(productID: product, pieces: pieces))
        }
        guard cart.pieces <= Self.maxPieces else {
            throw Refusal(
                .conflict,
                "the cart \(id) cannot hold \(cart.pieces) pieces: \(Self.maxPieces) are the most of an order")
        }
        return cart
    }

    /// Without a product that is in it.
    func removing(_ product: ProductID, at time: JSONNumber) throws(Refusal) -> Cart {
        guard lines.contains(where: { $0.productID == product }) else {
            throw Refusal(.notFound, "there is no product \(product.text.prefix(100)) in the cart \(id)")
        }
        return try having(0, of: product, at: time)
    }

    /// The order's products, an id once for every piece.
    func toOrder() throws(Refusal) -> [ProductID] {
        try expectOpen()
        guard !lines.isEmpty else {
            throw Refusal(.conflict, "the cart \(id) is empty: put something into it before it is checked out")
        }
        return lines.flatMap { Array(repeating: $0.productID, count: Int($0.pieces)) }
    }

    func checkedOut(as order: OrderID) -> Cart {
        var cart = self
        cart.status = .checkedOut
        cart.orderID = order
        return cart
    }

    func expired() -> Cart {
        var cart = self
        cart.status = .expired
        return cart
    }

    private func changed(at time: JSONNumber) throws(Refusal) -> Cart {
        try expectOpen()
        var cart = self
        cart.updatedAt = time
        return cart
    }

    private func expectOpen() throws(Refusal) {
        let reason: String
        switch status {
        case .open: return
        case .checkedOut: reason = "is checked out already, as the order \(orderID?.text ?? "")"
        case .expired: reason = "is expired"
        }
        throw Refusal(
            .conflict, "the cart \(id) \(reason): what the customer \(customerID) is given now goes into a new one",
            details: JSONObject([
                ("entity", .string("cart:\(id)")), ("state", .string(status.rawValue)), ("allowed", ["open"]),
            ]))
    }
}
