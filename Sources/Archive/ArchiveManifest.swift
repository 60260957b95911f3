public import EventStore
public import JSON

/// What an archive holds, and by what it is known to be whole. It stands beside the archive, as JSON.
public struct ArchiveManifest: Sendable, Hashable {
    /// The archive's name in its directory.
    public var file: String
    /// The shop that the events are of; empty for the default shop.
    public var shop: String
    /// The last event before these: that of the archive before, or 0-0. By it archives are put in a row.
    public var after: EventID
    public var first: EventID
    public var last: EventID
    public var events: Int
    /// Of the lines, and their SHA-256.
    public var textBytes: Int
    public var textDigest: String
    /// Of the file as it lies there, and its SHA-256.
    public var fileBytes: Int
    public var fileDigest: String
    /// Unix seconds.
    public var createdAt: Int64

    public var json: JSONValue {
        [
            "file": .string(file), "shop": .string(shop), "events": .number(JSONNumber(Int64(events))),
            "after": .string("\(after)"), "first": .string("\(first)"), "last": .string("\(last)"),
            "text_bytes": .number(JSONNumber(Int64(textBytes))), "text_sha256": .string(textDigest),
            "file_bytes": .number(JSONNumber(Int64(fileBytes))), "file_sha256": .string(fileDigest),
            "created_at": .number(JSONNumber(createdAt)),
        ]
    }
}

extension ArchiveManifest {
    init?(_ json: JSONValue, file: String) {
        guard let shop = json["shop"]?.string, let after = json["after"]?.string.flatMap({ EventID($0) }),
            let first = json["first"]?.string.flatMap({ EventID($0) }),
            let last = json["last"]?.string.flatMap({ EventID($0) }),
            let events = json["events"]?.number?.int64, let textBytes = json["text_bytes"]?.number?.int64,
            let textDigest = json["text_sha256"]?.string, let fileBytes = json["file_bytes"]?.number?.int64,
            let fileDigest = json["file_sha256"]?.string, let createdAt = json["created_at"]?.number?.int64
        else { return nil }
        self.init(
            file: file, shop: shop, after: after, first: first, last: last, events: Int(events),
            textBytes: Int(textBytes), textDigest: textDigest, fileBytes: Int(fileBytes), fileDigest: fileDigest,
            createdAt: createdAt)
    }
}
