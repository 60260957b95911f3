extension Dashboard {
    public static let assets: [Asset] =
        [
            Asset("/", .html, PackageResources.index_html),
            Asset("/assets/style.css", .css, PackageResources.style_css),
            Asset("/assets/icon.svg", .icon, PackageResources.icon_svg),
        ] + scripts.map { Asset("/assets/\($0.name).js", .script, $0.bytes) }

    /// ES modules, each by its name.
    private static let scripts: [(name: String, bytes: [UInt8])] = [
        ("api", PackageResources.api_js),
        ("app", PackageResources.app_js),
        ("browse", PackageResources.browse_js),
        ("changes", PackageResources.changes_js),
        ("chart", PackageResources.chart_js),
        ("dialog", PackageResources.dialog_js),
        ("dom", PackageResources.dom_js),
        ("entity", PackageResources.entity_js),
        ("event", PackageResources.event_js),
        ("events", PackageResources.events_js),
        ("format", PackageResources.format_js),
        ("latency", PackageResources.latency_js),
        ("lists", PackageResources.lists_js),
        ("login", PackageResources.login_js),
        ("metrics", PackageResources.metrics_js),
        ("module", PackageResources.module_js),
        ("modules", PackageResources.modules_js),
        ("names", PackageResources.names_js),
        ("notices", PackageResources.notices_js),
        ("overview", PackageResources.overview_js),
        ("parked", PackageResources.parked_js),
        ("redis", PackageResources.redis_js),
        ("repeat", PackageResources.repeat_js),
        ("sales", PackageResources.sales_js),
        ("session", PackageResources.session_js),
        ("stock", PackageResources.stock_js),
        ("stream", PackageResources.stream_js),
        ("switch", PackageResources.switch_js),
        ("table", PackageResources.table_js),
        ("theme", PackageResources.theme_js),
        ("theme-early", PackageResources.theme_early_js),
        ("topics", PackageResources.topics_js),
        ("values", PackageResources.values_js),
        ("waiting", PackageResources.waiting_js),
        ("windowed", PackageResources.windowed_js),
    ]
}
