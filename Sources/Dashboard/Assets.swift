extension Dashboard {
    public static let assets: [Asset] =
        [
            Asset("/", .html, PackageResources.index_html),
            Asset("/assets/style.css", .css, PackageResources.style_css),
            Asset("/assets/icon.svg", .icon, PackageResources.icon_svg),
        ] + scripts.map { Asset("/assets/\($0.name).js", .script, $0.bytes) }

    /// ES modules, each by its name.
    private static let scripts: [(name: String, bytes: [UInt8])] = [
        ("app", PackageResources.app_js),
        ("dom", PackageResources.dom_js),
        ("theme", PackageResources.theme_js),
        ("theme-early", PackageResources.theme_early_js),
    ]
}
