import Logging
import SystemdSupport

extension LogEntry {
    /// Fields that administrators search by. All others are named `ORDERSHOP_…`.
    private static let names = [
        "module": "MODULE", "event": "EVENT_ID", "event_id": "EVENT_ID", "entity": "ENTITY_ID", "method": "METHOD",
        "request_id": "REQUEST_ID", "peer_uid": "PEER_UID", "peer_pid": "PEER_PID",
    ]

    /// The entry as the journal keeps it. Its message is that of the other forms: `journalctl` shows no other field
    /// unless it is asked to.
    var journalFields: [Journal.Field] {
        var all = [
            Journal.Field("MESSAGE", text), Journal.Field("PRIORITY", String(priority)),
            Journal.Field("SYSLOG_IDENTIFIER", "ordershopd"), Journal.Field("CODE_FILE", file),
            Journal.Field("CODE_LINE", String(line)), Journal.Field("CODE_FUNC", function),
        ]
        if let id = MessageID.of(message) { all.append(Journal.Field("MESSAGE_ID", id)) }
        return all + fields.map { Journal.Field(Self.names[$0.key] ?? "ORDERSHOP_\($0.key)", $0.value) }
    }

    /// Of syslog(3).
    private var priority: Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
