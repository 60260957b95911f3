import HandlerRuntime

/// A mail on its way.
struct Parcel: Sendable {
    /// The same for each try, and another for each mail.
    let name: String
    let message: Message
    let sender: String
    let recipient: String
}

/// Where mails go.
protocol MailRoute: Sendable {
    func open() async throws
    func close() async
    /// - Returns: what the taker said, if it says something.
    /// - Throws: `TryLater`, `Postponed` or `Hopeless`.
    func deliver(_ parcel: Parcel, _ effect: OutsideEffect) async throws -> String?
}
