import GatewayService
import HandlerRuntime
import MailService
import Mailing

/// What can change while the daemon runs. Everything else is built into what runs, and takes a restart.
struct LiveSettings: Sendable {
    /// The keys of the settings that `apply` takes over.
    static let keys: Set = [
        "log.level", "http.max_body", "http.max_connections", "modules.tries", "modules.lease", "idempotency.keep",
        "gateway.access.anonymous", "gateway.access.token_file", "gateway.access.hosts", "gateway.access.origins",
        "gateway.tls.certificate", "gateway.tls.key", "gateway.tls.client_ca", "gateway.tls.client_role",
        "mail.from", "mail.rate", "mail.max_age", "mail.templates", "mail.locale",
        "tracing.sample", "tracing.keep",
    ]

    let gateway: Live<GatewayServer.Limits>
    let modules: Live<Supervisor.Options>
    let mail: Live<MailPolicy>
    let templates: Live<TemplateSet>
    let access: Live<AccessRules>
    let tls: Live<ServerTLS?>
    let traces: TraceRecording

    /// - Throws: where a file that the settings name cannot be used; then all stays as it was.
    func apply(_ settings: Settings) throws(SettingsError) {
        let (letters, rules) = (try settings.letterTemplates(), try settings.accessRules())
        tls.value = try settings.serverTLS()
        templates.value = letters
        access.value = rules
        DaemonLog.set(settings.logLevel)
        gateway.value = settings.gatewayLimits
        modules.value = settings.moduleOptions
        mail.value = settings.mail.policy
        traces.apply(settings.tracing)
    }
}

extension Settings {
    var gatewayLimits: GatewayServer.Limits { .init(body: http.maxBody, connections: http.maxConnections) }

    var eventLimits: EventHub.Limits {
        .init(clients: gateway.eventClients, heartbeat: .seconds(gateway.eventHeartbeat))
    }

    var moduleOptions: Supervisor.Options {
        var options = Supervisor.Options()
        options.leaseTime = .seconds(modules.lease)
        options.retries.tries = modules.tries
        options.answersKept = answersKept
        return options
    }

    /// The keys of the settings that are others than these.
    func changes(from old: Settings) -> Set<String> {
        Set(SettingsOption.table.filter { text(of: $0) != old.text(of: $0) }.map(\.key))
    }

    private func text(of option: SettingsOption) -> String { sources.byKey[option.key]?.text ?? option.fallback }

    /// As `config.show` is to tell of these, when others were read of which some keys hold at once.
    func showing(_ keys: Set<String>, of new: Settings) -> Settings {
        var merged = self
        for key in keys { merged.sources.byKey[key] = new.sources.byKey[key] }
        return merged
    }
}
