import EventStore
import JSON

extension Refusal {
    /// A later version of this program wrote it. Nothing is decided on what is only half understood.
    static func newerForm(of topic: Topic, _ id: String, known: Int) -> Refusal {
        Refusal(
            .unavailable,
            "the \(topic) \(id.prefix(100)) was written by a later version of ordershopd, in a form that this one does "
                + "not know (it knows up to \(known)): upgrade this daemon",
            retryAfter: .seconds(60), details: JSONObject([("entity", .string("\(topic):\(id.prefix(200))"))]))
    }
}
