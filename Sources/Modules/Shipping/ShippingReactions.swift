import EventStore
import HandlerRuntime
import ShopContracts

struct ShippingReactions: Sendable {
    /// Whether a parcel is prepared for every order that is paid.
    let isAutomatic: Bool

    func orderBilled(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        if !isAutomatic { return }
        let billed: Order = try event.entity()
        // By now it may have been cancelled, or somebody was quicker.
        guard let order = try await unit.find(billed.id), order.status == .billed else { return }
        let shipping = Shipping(of: order.id, at: order.times[.billed] ?? billed.times[.billed] ?? UnixTime.now)
        if try await unit.claim(Shipping.byOrder, order.id.text, for: shipping.id) == nil { unit.create(shipping) }
    }

    /// What does not leave the house any more is unpacked.
    func orderEnded(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        let order: Order = try event.entity()
        let shipping = try await unit.find(Shipping.self, by: Shipping.byOrder, order.id.text)
        if let shipping, shipping.status == .prepared { unit.delete(shipping) }
    }
}
