import EventStore
import HandlerRuntime
import JSON
import NIOPosix
import ShopContracts

/// Delivers a mail that was asked for, and appends that it was sent.
struct MailDelivery: Sendable {
    let sender: Live<String>
    let maildir: Maildir

    /// The mail itself: it may have been sent already, by a life of this daemon that ended before it could say so.
    static func references(_ mail: JSONObject) -> [EntityReference] {
        mail["id"]?.string.map { [MailID($0).reference] } ?? []
    }

    /// The file is there before the event says so: a crash between the two writes the same file once more.
    func deliver(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        let mail: Mail = try event.entity()
        // Whoever was erased meanwhile gets no mail.
        if mail.to == Customer.erasedAddress { return }
        guard var current = try await unit.find(mail.id), current.sentAt == nil else { return }
        let sender = Mailbox(sender.value)
        let message = Message(mail, from: sender, messageID: "\(event.id)@\(sender.domain)", date: event.id.seconds)
        let name = "\(event.id).\(mail.id).ordershop"
        try await unit.outside("mails delivered") { effect in
            try await write(message, named: name, isRepeat: effect.isRepeat)
        }
        current.sentAt = UnixTime.now
        unit.append("sent", current)
    }

    /// A full disk is no mail's fault.
    private func write(_ message: Message, named name: String, isRepeat: Bool) async throws {
        do {
            // A disk may take its time, and must not take a thread of everybody's with it.
            try await NIOThreadPool.singleton.runIfActive { [maildir] in
                if isRepeat, maildir.has(name) { return }
                try maildir.deliver(message.text, named: name)
            }
        } catch {
            throw TryLater("the mail cannot be written: \(error)")
        }
    }
}
