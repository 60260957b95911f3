/// Why pieces came, went or were promised. It stands in the metadata of an inventory's event, as `movement`.
public enum Movement: String, Sendable, Hashable, CaseIterable {
    /// The inventory was opened with what lay there.
    case opening
    /// Pieces were reserved for an order.
    case order
    /// An order changed: what it had was given back, what it wants was reserved.
    case orderChange = "order_change"
    /// An order was cancelled or deleted: its pieces can be sold again.
    case cancellation
    /// An order was shipped: its pieces left the house.
    case shipment
    /// Pieces came into the house.
    case delivery
    /// A customer sent pieces back.
    case customerReturn = "return"
    /// Pieces were broken, stolen or spoilt.
    case loss
    /// What the books said was wrong.
    case correction
    /// Somebody counted what is in the house.
    case count
    /// Nothing moved: somebody said when the stock is low.
    case level
    /// The inventory was deleted.
    case closing

    /// What can be said of pieces that come or go by hand.
    public static let byHand: [Movement] = [.delivery, .customerReturn, .loss, .correction]
}
