import HandlerRuntime
import JSON
import ShopContracts

/// What can be done with an order.
enum OrderAction: CaseIterable, Sendable {
    case change, bill, unbill, ship, deliver, cancel, delete
}

/// An order's life: which state it must be in for what, and which state it is in then.
enum OrderLife {
    struct Transition: Sendable {
        let from: [OrderStatus]
        /// nil: there is no order any more.
        let to: OrderStatus?
        /// Completes "the order … is shipped and cannot …".
        let words: String
    }

    static func transition(_ action: OrderAction) -> Transition {
        switch action {
        case .change: Transition(from: [.placed], to: .placed, words: "be changed")
        case .bill: Transition(from: [.placed], to: .billed, words: "become billed")
        case .unbill: Transition(from: [.billed], to: .placed, words: "become placed again")
        case .ship: Transition(from: [.billed], to: .shipped, words: "become shipped")
        case .deliver: Transition(from: [.shipped], to: .delivered, words: "become delivered")
        case .cancel: Transition(from: [.placed, .billed], to: .cancelled, words: "become cancelled")
        case .delete: Transition(from: [.placed, .billed, .cancelled], to: nil, words: "be deleted")
        }
    }

    /// The state behind an action; nil where there is no order then.
    /// - Throws: `conflict` where the order's state is against it.
    @discardableResult
    static func status(
        of order: Order, after action: OrderAction, from status: OrderStatus
    ) throws(Refusal) -> OrderStatus? {
        let transition = transition(action)
        if transition.from.contains(status) { return transition.to }
        throw Refusal(
            .conflict,
            "the order \(order.name) is \(status) and cannot \(transition.words): only a "
                + "\(list(transition.from)) order can",
            details: JSONObject([
                ("entity", .string("order:\(order.id)")), ("state", .string(status.rawValue)),
                ("allowed", .array(transition.from.map { .string($0.rawValue) })),
            ]))
    }

    /// `placed`, `placed or billed`, `placed, billed or cancelled`.
    private static func list(_ statuses: [OrderStatus]) -> String {
        let names = statuses.map(\.rawValue)
        let first = names.dropLast().joined(separator: ", ")
        return first.isEmpty ? names.joined() : "\(first) or \(names[names.count - 1])"
    }
}
