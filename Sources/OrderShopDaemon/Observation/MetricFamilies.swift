import OpenMetrics

/// Everything that the daemon measures, with what it means. The parts measure under these names.
enum MetricFamilies {
    static let all: [Family] = commands + events + modules + mails + redis + connections + traces + process

    private static let commands: [Family] = [
        .counter("ordershop_commands", "Commands and queries that were asked for, by method and outcome."),
        .histogram("ordershop_command_duration_seconds", "From a command's arrival to its answer, by method."),
    ]

    private static let events: [Family] = [
        .counter("ordershop_events_appended", "Events that this daemon appended, by topic and action."),
        .counter("ordershop_commits", "Steps in Redis, each of them one or more transactions."),
        .counter("ordershop_transactions", "Transactions, by outcome: committed, conflict or failed."),
        .histogram("ordershop_commit_duration_seconds", "From sending a step to Redis to its answer."),
    ]

    private static let modules: [Family] = [
        .counter("ordershop_module_events_handled", "Events that this daemon has handled for a module."),
        .counter("ordershop_module_retries", "How often an event could not be handled, and was to be tried again."),
        .counter("ordershop_module_events_parked", "Events that were parked, as they could not be handled."),
        .gauge("ordershop_module_enabled", "1 where the module is enabled for all daemons of the shop."),
        .gauge("ordershop_module_healthy", "0 where the module does not start or backs off."),
        .gauge("ordershop_module_lag", "Events that wait behind the module's checkpoint, counted to a limit."),
        .gauge("ordershop_module_oldest_unhandled_age_seconds", "How old the oldest event is that waits; 0: none."),
        .counter("ordershop_webhook_deliveries", "Tries to deliver an event to a webhook, by outcome."),
        .gauge("ordershop_webhook_held", "Events that are kept back for webhooks, as they could not be delivered."),
        .gauge("ordershop_webhook_down", "Webhooks of this daemon that take nothing."),
        .gauge("ordershop_module_parked", "Events that are parked for the module."),
    ]

    private static let mails: [Family] = [
        .counter(
            "ordershop_mails",
            "Tries to deliver mails, by route (maildir or smtp) and outcome: sent, deferred, failed.")
    ]

    private static let redis: [Family] = [
        .histogram("ordershop_redis_call_duration_seconds", "Round trips to Redis, from the call to the reply."),
        .gauge("ordershop_redis_connected", "1 while the daemon is connected to Redis."),
        .gauge("ordershop_redis_used_memory_bytes", "What Redis uses, by its own word."),
        .gauge("ordershop_redis_maxmemory_bytes", "What Redis may use; 0: no limit."),
    ]

    private static let connections: [Family] = [
        .gauge("ordershop_http_connections", "Open connections to the gateway."),
        .gauge("ordershop_control_connections", "Open connections to the control socket."),
        .gauge("ordershop_sse_clients", "Clients that read /events."),
        .counter("ordershop_sse_messages_sent", "Messages that clients of /events were sent."),
        .counter("ordershop_sse_clients_dropped", "Clients of /events that did not read, and were hung up on."),
        .counter("ordershop_sse_clients_refused", "Clients of /events that were one too many."),
        .gauge("ordershop_event_loop_delay_seconds", "How long an event loop took to come to something new."),
    ]

    private static let traces: [Family] = [
        .counter("ordershop_trace_spans", "Spans for the collector of traces, by outcome: exported or dropped.")
    ]

    private static let process: [Family] = [
        .gauge("ordershop_build_info", "Always 1; the version is a label."),
        .gauge("process_resident_memory_bytes", "Resident memory."),
        .gauge("process_open_fds", "Open file descriptors."),
        .gauge("process_start_time_seconds", "When the process started, in unix seconds."),
        .counter("process_cpu_seconds", "Time on processors, of the user and of the system."),
    ]
}
