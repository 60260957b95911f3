import BillingService
import CRMService
import CartService
import CustomerService
import EventStore
import GatewayService
import Glibc
import HandlerRuntime
import InventoryService
import JSONRPC
public import Logging
import MailService
import Mailing
import NIOCore
import NIOPosix
import OrderService
import ProductService
import Redis
import ServiceLifecycle
import ShippingService
import ShopContracts
public import SystemdSupport
import UnixSignals
import WebhookService

/// The whole daemon: from its settings to one group of services.
public struct Daemon: Sendable {
    private var settings: Settings
    private let sockets: InheritedSockets
    private let logger: Logger
    private let loadSettings: @Sendable () throws(SettingsError) -> Settings

    /// - Parameters:
    ///   - sockets: what systemd holds for us. It goes before what the settings say.
    ///   - loadSettings: called on SIGHUP.
    public init(
        settings: Settings, sockets: InheritedSockets = InheritedSockets(), logger: Logger,
        loadSettings: @escaping @Sendable () throws(SettingsError) -> Settings
    ) {
        self.settings = settings
        if let path = sockets.unix?.path { self.settings.socket = path }
        self.sockets = sockets
        self.logger = logger
        self.loadSettings = loadSettings
    }

    /// Runs until SIGTERM, SIGINT or a service fails.
    public func run() async throws {
        MetricsPage.start()
        for notice in settings.notices { logger.warning("\(notice)") }
        let directory = try StateDirectory.open(settings.stateDirectory, socket: settings.socket)
        let embedded = try embeddedRedis(in: directory)
        let redis = try redisClient(embedded)
        let gateway = GatewayModule()
        let mail = Live(settings.mail.policy)
        let templates = Live(try settings.letterTemplates())
        let registry = try Registry(modules(gateway, mail, templates, in: directory))
        let store = Store(
            redis: redis, shop: settings.shop, catalogue: registry.catalogue,
            isSealing: settings.encryptsPersonalData, logger: logger)
        let owner = "\(Self.name())+\(registry.catalogue.mark)"
        let supervisor = Supervisor(
            registry: registry, store: store, owner: owner,
            isAlone: embedded != nil,
            options: settings.moduleOptions, logger: logger)
        let health = RedisHealth(
            redis: redis, store: store, requirement: settings.redis.require, logger: logger)
        let client = Deferred(service: redis) {
            try await embedded?.waitUntilReady()
            try await health.waitUntilFit()
        }
        let jobs = Jobs()
        let past = ShopPast(supervisor: supervisor, store: store, settings: settings, logger: logger)
        let live = LiveSettings(
            gateway: Live(settings.gatewayLimits), modules: supervisor.options, mail: mail,
            templates: templates, access: Live(try settings.accessRules()), tls: Live(try settings.serverTLS()),
            traces: TraceRecording(settings.tracing))
        var services: [any Service] = [client, health, supervisor, jobs]
        if let embedded { services.insert(embedded, at: 0) }
        if let exporter = exporter(of: live.traces, by: owner) { services.insert(exporter, at: 0) }
        if sockets.internet.isEmpty {
            try Self.checkDoors(settings.http.listen, live.access.value, live.tls.value)
        }
        try await run(
            services + front(supervisor, past, jobs, health, gateway, live, isEmbedded: embedded != nil))
        withExtendedLifetime(directory) {}
    }

    /// The modules of the shop. A new one is one line here.
    private func modules(
        _ gateway: GatewayModule, _ mail: Live<MailPolicy>, _ templates: Live<TemplateSet>,
        in directory: StateDirectory
    ) throws -> [any HandlerModule] {
        let currency = Currency(code: settings.currency) ?? .euro
        let modules: [any HandlerModule] = [
            CustomerModule(),
            ProductModule(currency: currency),
            InventoryModule(lowStockAt: settings.lowStockAt.map(Int64.init)),
            OrderModule(currency: currency, unpaidAfter: settings.unpaidAfter),
            CartModule(currency: currency, expireAfter: settings.cartsExpireAfter),
            BillingModule(currency: currency, templates: templates, logger: logger),
            ShippingModule(isAutomatic: settings.shipping.isAutomatic),
            CRMModule(templates: templates, logger: logger),
            try mailModule(mail, in: directory),
            gateway,
        ]
        let sources = modules.flatMap(\.topics).flatMap(\.streams)
        return modules + [WebhookModule(settings.webhooks.options, sources: sources, logger: logger)]
    }

    private func mailModule(_ policy: Live<MailPolicy>, in directory: StateDirectory) throws -> MailModule {
        if let server = try settings.mail.server() {
            return MailModule(policy: policy, server: server, firstPause: .seconds(settings.mail.retry))
        }
        return MailModule(policy: policy, directory: try directory.directory("mail"))
    }

    /// Ends behind all that has something to say.
    private func exporter(of traces: TraceRecording, by owner: String) -> SpanExporter? {
        guard let endpoint = settings.tracing.endpoint else { return nil }
        var resource = [
            ("service.name", "ordershopd"), ("service.version", orderShopVersion),
            ("service.instance.id", owner),
        ]
        if !settings.shop.isEmpty { resource.append(("ordershop.shop", settings.shop)) }
        return SpanExporter(of: traces, to: endpoint, resource: resource, logger: logger)
    }

    // MARK: Redis

    private func embeddedRedis(in directory: StateDirectory) throws -> EmbeddedRedis? {
        if settings.redis.url != nil { return nil }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return try EmbeddedRedis(in: directory, server: settings.redis.server, searchPath: path, logger: logger)
    }

    private func redisClient(_ embedded: EmbeddedRedis?) throws -> RedisClient {
        var configuration: RedisConfiguration
        if let embedded {
            configuration = RedisConfiguration(address: .unix(path: embedded.socketPath))
        } else {
            configuration = try RedisConfiguration(url: settings.redis.url ?? "")
            configuration.clusterUse = clusterUse
        }
        configuration.clientName = "ordershopd"
        // A frozen Redis is found out soon, and its return sooner. What was cut off is asked for again.
        configuration.commandTimeout = .seconds(2)
        configuration.backoffMaximum = .milliseconds(500)
        // The embedded Redis knows no user and no password: nobody but us can reach its socket.
        if embedded == nil, let user = settings.redis.user { configuration.username = user }
        if embedded == nil, let password = try settings.redis.password() { configuration.password = password }
        configuration.sentinelPassword = try settings.redis.sentinelPassword()
        if let file = settings.redis.tlsCA { configuration.tls?.caFile = file }
        return RedisClient(configuration: configuration, eventLoopGroup: Self.redisLoops, logger: logger)
    }

    /// Requests are computed on the event loops of their connections, and a large one takes its time: what everybody
    /// else asks Redis, and the heartbeat, do not wait for that.
    private static let redisLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// All keys of a shop with a name are on one slot, whichever key is asked for.
    private var clusterUse: RedisConfiguration.ClusterUse {
        settings.shop.isEmpty
            ? .refuse(
                because: "the keys of a shop without a name would be spread over its nodes, where nothing can be "
                    + "changed in one step; give the shop a name, by --shop NAME or by shop: NAME in the file")
            : .slot(of: Keyspace(shop: settings.shop).clock)
    }

    // MARK: What clients see

    private func front(
        _ supervisor: Supervisor, _ past: ShopPast, _ jobs: Jobs, _ health: RedisHealth, _ gateway: GatewayModule,
        _ live: LiveSettings, isEmbedded: Bool
    ) -> [any Service] {
        let socketBound = Latch()
        let portBound = Latch()
        let announced = Latch()
        let status = DaemonStatus(
            settings: settings, supervisor: supervisor, health: health, isEmbedded: isEmbedded)
        let notifier = SystemdNotifier(logger: logger)
        let handler = ControlHandler(
            ControlMethod.all(supervisor, status, past, jobs, live.traces.recorder),
            dispatcher: supervisor.dispatcher,
            permissions: Permissions(settings.control), sampler: live.traces.sampler, logger: logger)
        let control = JSONRPCServer(
            path: settings.socket, inherited: sockets.unix?.descriptor, handler: handler, logger: logger,
            onBound: { socketBound.open() })
        let loops = [MultiThreadedEventLoopGroup.singleton, Self.redisLoops].flatMap { Array($0.makeIterator()) }
        let pages =
            HealthPages(status: status, store: past.store).all + DashboardPages.all
            + [
                MetricsPage(status: status, store: past.store, loops: loops).page,
                OpenAPI.page(supervisor.registry),
            ]
        let hub = EventHub(
            store: past.store, news: supervisor.news, limits: settings.eventLimits, logger: logger)
        let http = GatewayServer(
            gateway, dispatcher: supervisor.dispatcher, pages: pages, streams: [EventsStream(hub: hub).stream],
            calls: GatewayCalls(handler), doorkeeper: Doorkeeper(rules: live.access, logger: logger), tls: live.tls,
            addresses: gatewayAddresses, limits: live.gateway, sampler: live.traces.sampler,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
            onBound: { address in
                status.note(rest: address)
                portBound.open()
            })
        let announcer = Announcer(
            notifier: notifier, status: status, settings: settings, logger: logger, announced: announced,
            conditions: [
                { await supervisor.waitUntilReady() }, { await socketBound.wait() }, { await portBound.wait() },
            ])
        let check = SelfCheck(
            supervisor: supervisor, socket: settings.socket,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        let watchdog = WatchdogService(notifier: notifier, logger: logger) { check.look() }
        let reloading = ReloadService(
            started: settings, live: live, status: status, notifier: notifier, announced: announced, logger: logger,
            load: loadSettings)
        return [control, http, hub, check, watchdog, announcer, reloading]
    }

    private var gatewayAddresses: [GatewayServer.Address] {
        sockets.internet.isEmpty
            ? [.tcp(host: settings.http.listen.host, port: settings.http.listen.port)]
            : sockets.internet.map { .inherited($0) }
    }

    private func run(_ services: [any Service]) async throws {
        // Whatever ends or fails: the others get to finish their work, Redis last.
        let configurations = services.map {
            ServiceGroupConfiguration.ServiceConfiguration(
                service: NamedService(service: $0), successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        var configuration = ServiceGroupConfiguration(
            services: configurations, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        // What does not even end then is ended with the process, before systemd has to.
        configuration.maximumCancellationDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
        logger.info("stopped")
    }

    /// Unlike that of any other daemon and of this one's former lives.
    private static func name() -> String {
        var host = utsname()
        uname(&host)
        let node = withUnsafeBytes(of: &host.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return "\(node):\(getpid()):\(UUIDText.random().prefix(8))"
    }
}
