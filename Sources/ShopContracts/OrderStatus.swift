public import EventStore

/// Where an order is in its life.
public enum OrderStatus: String, Sendable, Hashable, CaseIterable {
    case placed, billed, shipped, delivered, cancelled

    /// What an order's event is called by which it became so.
    public var action: Action {
        switch self {
        case .placed: .updated
        case .billed: .billed
        case .shipped: .shipped
        case .delivered: .delivered
        case .cancelled: .cancelled
        }
    }

    /// The property that says when.
    var timeName: String { "\(rawValue)_at" }
}

extension Action {
    public static let billed: Action = "billed"
    public static let shipped: Action = "shipped"
    public static let delivered: Action = "delivered"
    public static let cancelled: Action = "cancelled"
}
