public import JSON
import NIOCore

/// Brings an entity from one form to the next. It sees one event only, and must not fail: what is not there, or of
/// another type, is left as it is.
public typealias Upcaster = @Sendable (JSONObject) -> JSONObject

extension TopicDefinition {
    /// The form in which events of this topic are written: 1, and one more for each upcaster. Events of the first form
    /// do not name it.
    public var schemaVersion: Int { 1 + upcasters.count }

    /// - Parameter version: the form of the object, at least 1 and less than `schemaVersion`.
    func upcast(_ object: JSONObject, from version: Int) -> JSONObject {
        upcasters[(version - 1)...].reduce(object) { $1($0) }
    }
}

/// The text of an entity as this program takes it.
struct ReadText {
    let text: ByteBuffer
    /// Written by a later version of this program, in a form that this one does not know. It stands as it is.
    let isNewer: Bool
}

/// Events are for ever; the form of what they hold is not. Whatever is read comes through here.
extension Catalogue {
    /// - Parameter schema: what the event says of its form.
    func read(_ text: ByteBuffer, of topic: Topic, schema: ByteBuffer?) -> ReadText {
        // Most are of the only form that there ever was.
        guard let definition = evolved[topic] else { return ReadText(text: text, isNewer: schema != nil) }
        let version = schema.map { Int(String(buffer: $0)) ?? .max } ?? 1
        guard (1..<definition.schemaVersion).contains(version) else {
            return ReadText(text: text, isNewer: version > definition.schemaVersion)
        }
        guard let object = (try? JSONValue(parsing: text.readableBytesView))?.object else {
            return ReadText(text: text, isNewer: false)
        }
        let current = definition.upcast(object, from: version)
        return ReadText(text: ByteBuffer(bytes: JSONValue.object(current).bytes), isNewer: false)
    }

    /// What an event says of the form in which it is written; nil for the first.
    func schemaField(of topic: Topic) -> String? { evolved[topic].map { String($0.schemaVersion) } }
}
