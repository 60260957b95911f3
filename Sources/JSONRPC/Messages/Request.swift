import JSON

/// The texts of calls and notifications.
enum Request {
    /// - Parameter id: nil for a notification.
    static func line(_ method: String, _ params: JSONValue?, id: Int64?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("jsonrpc", "2.0")
            writer.member("method", method)
            if let params {
                writer.key("params")
                writer.write(params)
            }
            if let id { writer.member("id", id) }
        }
        return writer.bytes
    }
}
