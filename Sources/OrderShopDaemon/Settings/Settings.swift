import Glibc
public import Logging

/// Everything an operator can set, typed and checked. `Settings.load` makes it; `SettingsOption.table` lists the
/// names, the defaults and the meaning of each.
public struct Settings: Sendable, Equatable {
    public struct Redis: Sendable, Equatable {
        /// `unix:///path`, `redis://…`, `redis+cluster://…`, `redis+sentinel://…` or one of these with `rediss`;
        /// `nil`: the embedded default. May hold a password.
        public var url: String?
        /// The same for logs and messages, with the user and the password left out.
        public var urlWithoutPassword: String? { url.map(RedisLocation.withoutPassword) }
        /// PEM file of the authorities to trust for `rediss://`; `nil`: those of the system.
        public var tlsCA: String?
        /// The ACL user; nil: the one in the URL, or Redis's default.
        public var user: String?
        /// The file with the password, so that it need not stand in the URL, which `ps` and the log may show.
        public var passwordFile: String?
        /// The same for the Sentinels, if they ask for one.
        public var sentinelPasswordFile: String?
        /// What the Redis must keep.
        public enum Requirement: String, Sendable, CaseIterable {
            case any
            /// An append-only file, and every key in it.
            case persistent
        }

        /// Checked at the start, which fails where it is not so.
        public var require = Requirement.any
        /// The redis-server of the embedded default: a path, or a name to look up in `PATH`.
        public var server = ""

        /// Reads `passwordFile`, without the line break at its end; `nil` where none is set.
        public func password() throws(SettingsError) -> String? {
            try Settings.secret(in: passwordFile, "the password for Redis")
        }

        /// Reads `sentinelPasswordFile` likewise.
        public func sentinelPassword() throws(SettingsError) -> String? {
            try Settings.secret(in: sentinelPasswordFile, "the password for the Sentinels")
        }
    }

    public struct HTTP: Sendable, Equatable {
        public var listen = ListenAddress(host: "", port: 0)
        /// The largest body of a request, in bytes.
        public var maxBody = 0
        public var maxConnections = 0
    }

    public struct Gateway: Sendable, Equatable {
        /// How many clients may read events at once.
        public var eventClients = 0
        /// How often each is told that the connection stands, in seconds.
        public var eventHeartbeat = 0
        public var access = Access()
        public var tls = TLS()
    }

    /// Who may do what over the control socket, besides root and the daemon's own user, who may all.
    public struct Control: Sendable, Equatable {
        public var admins: [Principal] = []
        public var operators: [Principal] = []
        public var viewers: [Principal] = []
    }

    public struct Modules: Sendable, Equatable {
        /// How often an event is tried before it is parked.
        public var tries = 0
        /// How long a daemon that died keeps others from its modules, in seconds.
        public var lease = 0
    }

    public struct Shipping: Sendable, Equatable {
        /// Whether a parcel is prepared for every order that is billed.
        public var isAutomatic = false
    }

    /// Read where no other file is named; need not exist.
    public static let defaultFile = "/etc/ordershop/ordershopd.yaml"

    /// The shop's name; empty for the default shop, whose keys have no prefix.
    public var shop = ""
    public var redis = Redis()
    /// The control socket's path, absolute.
    public var socket = ""
    public var control = Control()
    public var http = HTTP()
    public var gateway = Gateway()
    /// Absolute. `StateDirectory.open` makes it.
    public var stateDirectory = ""
    /// Where archives of trimmed events go, absolute; `nil`: into the state directory.
    public var chosenArchiveDirectory: String?
    public var archiveDirectory: String { chosenArchiveDirectory ?? stateDirectory + "/archive" }
    public var logLevel = Logger.Level.info
    public enum LogFormat: String, Sendable, CaseIterable {
        /// The journal where stderr is the journal, text elsewhere.
        case automatic = "auto"
        case text
        case json
    }
    public var logFormat = LogFormat.automatic
    public var modules = Modules()
    /// How long an order may wait for its money; nil: for ever.
    public var unpaidAfter: Duration?
    /// How long a cart may lie untouched; nil: for ever.
    public var cartsExpireAfter: Duration?
    /// How long a command's first answer is kept under its client's name for it.
    public var answersKept = Duration.zero
    /// From which amount down the stock of a new inventory is low, unless it says so itself; nil: never.
    public var lowStockAt: Int?
    public var mail = Mail()
    public var webhooks = Webhooks()
    public var tracing = Tracing()
    /// Whether what is known of persons is encrypted with keys of their own.
    public var encryptsPersonalData = false
    public var shipping = Shipping()
    /// The ISO 4217 code of the shop's currency.
    public var currency = ""

    /// What was said for each option, and where. May hold a password.
    public internal(set) var sources = Sources()

    /// Settings that say the same are equal, wherever they come from.
    public struct Sources: Sendable, Equatable {
        struct Source: Sendable {
            let text: String
            let origin: String
        }

        /// Absent: the default holds.
        var byKey: [String: Source] = [:]

        public static func == (_: Self, _: Self) -> Bool { true }
    }

    /// The file that was read, `nil` where there was none.
    public internal(set) var file: String?
    /// What was ignored and is worth a line in the log, such as a variable whose name is not known.
    public internal(set) var notices: [String] = []

    /// The defaults, with no file, variable or command line read.
    public static var defaults: Settings {
        var settings = Settings()
        for option in SettingsOption.table where !option.fallback.isEmpty {
            // A default that its own option refuses shows in the tests, not here.
            try? option.assign(&settings, option.fallback)
        }
        return settings
    }

    /// Blank, to be filled from the table.
    private init() {}
}
