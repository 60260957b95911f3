// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let measuring = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

func room(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency], exclude: [String] = [],
    resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, exclude: exclude, resources: resources,
        swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// One target per module of the shop: that is what keeps a module from reaching into another.
func module(_ name: String, _ more: [Target.Dependency] = []) -> Target {
    room(
        name + "Service", path: "Sources/Modules/" + name,
        ["JSON", "EventStore", "HandlerRuntime", "ShopContracts", log] + more)
}

let modules = [
    "Customer", "Product", "Inventory", "Order", "Billing", "Shipping", "CRM", "Mail", "Cart", "Webhook", "Gateway",
]

/// The letters that are built in; beside them, etc/ordershop/templates has those in other languages.
let letters = [
    "welcome", "goodbye", "order_thanks", "order_cancelled", "order_shipped", "order_delivered", "back_in_stock",
    "sold_out", "please_pay", "payment_received",
]

/// The dashboard's ES modules.
let scripts = [
    "api", "app", "browse", "changes", "chart", "dialog", "docs", "dom", "entity", "event", "events", "format",
    "latency", "lists", "login", "metrics", "module", "modules", "names", "notices", "openapi", "overview",
    "parked", "redis", "repeat", "request", "sales", "send", "session", "stock", "stream", "switch", "table",
    "theme", "theme-early", "topics", "try", "values", "waiting", "windowed",
]

let package = Package(
    name: "ordershop",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "ordershopd", targets: ["ordershopd"]),
        .executable(name: "ordershopctl", targets: ["ordershopctl"]),
        // For modules that live in packages of their own, and for the benchmarks.
        .library(
            name: "OrderShopKit", targets: ["JSON", "JSONRPC", "Redis", "EventStore", "Traces", "HandlerRuntime"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CSystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CCurl"),
        room("JSON", []),
        room("OpenMetrics", [measuring]),
        room("Traces", ["JSON", tracing]),
        room("Curl", ["CCurl", nio("NIOPosix")]),
        room(
            "Redis",
            [
                "CHiredis", log, measuring, lifecycle, deque, nio("NIOCore"), nio("NIOPosix"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        room("SystemdSupport", ["CSystemd", log, lifecycle, nio("NIOPosix")]),
        room("JSONRPC", ["JSON", log, measuring, lifecycle, nio("NIOCore"), nio("NIOPosix")]),
        room(
            "EventStore",
            ["JSON", .product(name: "Crypto", package: "swift-crypto"), "Redis", log, measuring, nio("NIOCore")],
            resources: [
                "transact", "load", "lag", "heartbeat", "history", "release", "replay", "retention", "snapshot",
                "restore", "check", "strays", "moment", "recover", "ranked",
            ].map { .embedInCode("Lua/\($0).lua") }),
        room(
            "Archive",
            [
                "CZlib", "JSON", "EventStore", log, nio("NIOCore"), nio("NIOPosix"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room(
            "HandlerRuntime",
            [
                "JSON", "EventStore", "Traces", tracing, log, measuring, lifecycle, nio("NIOCore"), nio("NIOPosix"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room(
            "Mailing", [.product(name: "Mustache", package: "swift-mustache")], exclude: ["Templates/de"],
            resources: letters.flatMap { name in
                [.embedInCode("Templates/\(name).txt"), .embedInCode("Templates/\(name).html")]
            }),
        room("ShopContracts", ["JSON", "EventStore", "HandlerRuntime"]),
        room(
            "Dashboard", [.product(name: "Crypto", package: "swift-crypto")],
            resources: (["index.html", "docs.html", "style.css", "docs.css", "icon.svg"]
                + scripts.map { "\($0).js" }).map {
                    .embedInCode("Assets/\($0)")
                }),
        .executableTarget(
            name: "ordershopd", dependencies: ["OrderShopDaemon", "SystemdSupport"], swiftSettings: strict),
        .executableTarget(
            name: "ordershopctl",
            dependencies: ["JSON", "JSONRPC", arguments, .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        room(
            "OrderShopDaemon",
            [
                "JSON", "JSONRPC", "Redis", "EventStore", "Archive", "HandlerRuntime", "ShopContracts",
                "Curl", "Mailing", "OpenMetrics", "Traces", "Dashboard", "SystemdSupport",
                arguments, log, tracing, measuring, lifecycle, nio("NIOCore"),
                nio("NIOPosix"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ] + modules.map { .byName(name: $0 + "Service") }),
        module("Customer"), module("Product"), module("Inventory"), module("Order", [nio("NIOCore")]),
        module("Cart"), module("Billing", ["Mailing"]), module("Shipping"),
        module("CRM", ["Mailing"]), module("Mail", ["Curl", measuring, nio("NIOPosix")]),
        module(
            "Webhook",
            [
                "Curl", "Traces", tracing, measuring, nio("NIOCore"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        module(
            "Gateway",
            [
                "Traces", tracing, lifecycle, measuring, nio("NIOCore"), nio("NIOPosix"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),

        // MARK: Tests
        .target(
            name: "TestKit", dependencies: ["JSON", "Redis", log, nio("NIOCore"), nio("NIOPosix")],
            path: "Tests/TestKit",
            swiftSettings: strict),
        tests("JSONTests", ["JSON"]),
        tests("OpenMetricsTests", ["OpenMetrics", measuring]),
        tests("TracesTests", ["Traces", "JSON", tracing]),
        tests(
            "RedisTests",
            [
                "Redis", "TestKit", log, lifecycle, nio("NIOCore"), nio("NIOPosix"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        tests("CurlTests", ["Curl", "TestKit"]),
        tests("JSONRPCTests", ["JSON", "JSONRPC", log, lifecycle, nio("NIOCore"), nio("NIOPosix")]),
        tests("SystemdSupportTests", ["SystemdSupport", log, lifecycle]),
        tests(
            "EventStoreTests",
            [
                "EventStore", "JSON", "Redis", "TestKit", log, nio("NIOCore"), nio("NIOPosix"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        tests(
            "ArchiveTests",
            ["Archive", "EventStore", "JSON", "Redis", "TestKit", log, nio("NIOCore"), nio("NIOPosix")]),
        tests(
            "HandlerRuntimeTests",
            [
                "HandlerRuntime", "EventStore", "JSON", "Redis", "TestKit", "Traces", tracing, log, lifecycle,
                nio("NIOPosix"),
            ]),
        tests(
            "ShopTests",
            [
                "ShopContracts", "HandlerRuntime", "EventStore", "JSON", "Mailing", "Curl", "TestKit", log,
                nio("NIOCore"),
            ]
                + modules.map { .byName(name: $0 + "Service") }),
        tests(
            "PropertyTests",
            [
                "ShopContracts", "HandlerRuntime", "EventStore", "JSON", "Mailing", "Redis", "TestKit", log,
                lifecycle,
            ]
                + modules.map { .byName(name: $0 + "Service") }),
        tests(
            "OrderShopDaemonTests",
            [
                "OrderShopDaemon", "EventStore", "JSON", "MailService", "Traces", tracing, arguments, log,
                lifecycle, nio("NIOCore"),
                nio("NIOPosix"),
            ]),
        tests(
            "OrdershopctlTests",
            [
                "ordershopctl", "JSON", "JSONRPC", "TestKit", log, lifecycle, nio("NIOPosix"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        tests(
            "SystemTests",
            ["ordershopd", "ordershopctl", "JSON", "JSONRPC", "Redis", "TestKit", log, nio("NIOPosix")]),
    ],
    swiftLanguageModes: [.v6]
)
