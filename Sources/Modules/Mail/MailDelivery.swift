import EventStore
import Glibc
import HandlerRuntime
import JSON
import ShopContracts

/// Delivers a mail that was asked for, and appends that it was sent.
struct MailDelivery: Sendable {
    let policy: Live<MailPolicy>
    let route: any MailRoute

    /// The mail itself: it may have been sent already, by a life of this daemon that ended before it could say so.
    static func references(_ mail: JSONObject) -> [EntityReference] {
        mail["id"]?.string.map { [MailID($0).reference] } ?? []
    }

    /// The mail is out before the event says so: a crash between the two sends the same mail once more.
    func deliver(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        let mail: Mail = try event.entity()
        // Whoever was erased meanwhile gets no mail.
        if mail.to == Customer.erasedAddress { return }
        guard var current = try await unit.find(mail.id), current.isWaiting else { return }
        let policy = policy.value
        if let most = policy.maxAge, Self.age(of: event) > most {
            current.suppressedAt = UnixTime.now
            return unit.append("suppressed", current)
        }
        let parcel = parcel(mail, event, policy)
        try await unit.outside("mails delivered") { effect in
            current.reply = try await route.deliver(parcel, effect)
        }
        current.sentAt = UnixTime.now
        unit.append("sent", current)
    }

    /// Whoever was erased stands in the mails that were written to him, too.
    func destroyMails(to event: RecordedEvent, in unit: UnitOfWork) async throws {
        let index = Projection.everIndex(Mail.topic, of: "customer_id")
        let mails = try await unit.ids(in: index, value: event.entityKey.id, before: event.id)
        if mails.isEmpty { return }
        try await unit.outside("mails destroyed") { _ in try await route.destroy(Set(mails)) }
    }

    private func parcel(_ mail: Mail, _ event: RecordedEvent, _ policy: MailPolicy) -> Parcel {
        let sender = Mailbox(policy.sender)
        let message = Message(
            mail, from: sender, messageID: "\(event.id)@\(sender.domain)", date: event.id.seconds)
        return Parcel(
            name: Parcel.name(of: "\(mail.id)", askedForBy: "\(event.id)"), message: message,
            sender: sender.address, recipient: mail.to)
    }

    private static func age(of event: RecordedEvent) -> Duration {
        .seconds(Int64(time(nil)) - Int64(clamping: event.id.seconds))
    }
}
