import EventStore
import HandlerRuntime
import JSON
import NIOPosix
import ShopContracts

/// Delivers a mail that was asked for, and appends that it was sent.
struct MailDelivery: Sendable {
    let sender: Mailbox
    let maildir: Maildir

    init(sender: String, maildir: Maildir) {
        self.sender = Mailbox(sender)
        self.maildir = maildir
    }

    /// The mail itself: it may have been sent already, by a life of this daemon that ended before it could say so.
    static func references(_ mail: JSONObject) -> [EntityReference] {
        mail["id"]?.string.map { [MailID($0).reference] } ?? []
    }

    /// The file is there before the event says so: a crash between the two writes the same file once more.
    func deliver(_ event: RecordedEvent, in unit: UnitOfWork) async throws {
        let mail: Mail = try event.entity()
        guard var current = try await unit.find(mail.id), current.sentAt == nil else { return }
        let message = Message(mail, from: sender, messageID: "\(event.id)@\(sender.domain)", date: event.id.seconds)
        let name = "\(event.id).\(mail.id).ordershop"
        // A disk may take its time, and must not take a thread of everybody's with it.
        try await NIOThreadPool.singleton.runIfActive { [maildir] in try maildir.deliver(message.text, named: name)
        }
        current.sentAt = UnixTime.now
        unit.append("sent", current)
    }
}
