import HandlerRuntime

/// A mail on its way.
struct Parcel: Sendable {
    /// The same for each try, and another for each mail.
    let name: String
    let message: Message
    let sender: String
    let recipient: String

    static func name(of mail: String, askedForBy event: String) -> String { "\(event).\(mail).ordershop" }

    /// The mail's id in the name of its parcel, whatever mail readers have put behind it.
    static func mail(in name: String) -> String? {
        let parts = name.split(separator: ".")
        return parts.count > 2 && parts[2].hasPrefix("ordershop") ? String(parts[1]) : nil
    }
}

/// Where mails go.
protocol MailRoute: Sendable {
    func open() async throws
    func close() async
    /// - Returns: what the taker said, if it says something.
    /// - Throws: `TryLater`, `Postponed` or `Hopeless`.
    func deliver(_ parcel: Parcel, _ effect: OutsideEffect) async throws -> String?
    /// Destroys what lies here of mails that were delivered. Those that went elsewhere are out of reach.
    func destroy(_ mails: Set<String>) async throws
}
