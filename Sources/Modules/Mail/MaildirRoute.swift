import HandlerRuntime
import NIOPosix

/// Into a directory of this machine.
struct MaildirRoute: MailRoute {
    let maildir: Maildir

    func open() async throws { try maildir.create() }
    func close() async {}

    func destroy(_ mails: Set<String>) async throws {
        do {
            try await NIOThreadPool.singleton.runIfActive { [maildir] in
                try maildir.remove { name in Parcel.mail(in: name).map(mails.contains) ?? false }
            }
        } catch {
            throw TryLater("the mails cannot be destroyed: \(error)")
        }
    }

    /// A full disk is no mail's fault.
    func deliver(_ parcel: Parcel, _ effect: OutsideEffect) async throws -> String? {
        do {
            // A disk may take its time, and must not take a thread of everybody's with it.
            try await NIOThreadPool.singleton.runIfActive { [maildir] in
                if effect.isRepeat, maildir.has(parcel.name) { return }
                try maildir.deliver(parcel.message.text, named: parcel.name)
            }
            return nil
        } catch {
            throw TryLater("the mail cannot be written: \(error)")
        }
    }
}
