/// One thing that can be set: a row of `SettingsOption.table`, which drives the layering, the file's known keys,
/// the variables and the help.
struct SettingsOption: Sendable {
    /// Path in the YAML file, `redis.url`.
    let key: String
    /// `--redis`, for those that have one.
    let flag: String?
    /// Default, as an operator would write it; empty for none. It goes through `assign` like everything else.
    let fallback: String
    /// A variable of systemd's that changes the default.
    let systemdVariable: String?
    /// The name of the credential (`LoadCredential=`) whose file it names where nothing else does.
    let credential: String?
    /// What a good value looks like, to end the sentence "expected …".
    let expected: String
    /// One line for the help.
    let summary: String
    /// Checks the text and stores it.
    let assign: @Sendable (inout Settings, String) throws(Unacceptable) -> Void

    /// What is wrong with a value, as "… is too long"; without the value, where that could be a secret.
    struct Unacceptable: Error { let reason: String }

    init(
        _ key: String, flag: String? = nil, fallback: String = "", systemdVariable: String? = nil,
        credential: String? = nil, expected: String, summary: String,
        assign: @escaping @Sendable (inout Settings, String) throws(Unacceptable) -> Void
    ) {
        self.key = key
        self.flag = flag
        self.fallback = fallback
        self.systemdVariable = systemdVariable
        self.credential = credential
        self.expected = expected
        self.summary = summary
        self.assign = assign
    }

    /// `ORDERSHOP_REDIS_URL` for `redis.url`.
    var variable: String { "ORDERSHOP_" + key.uppercased().replacing(".", with: "_") }

    /// The parents of keys, `redis` and `redis.tls`: what must be a mapping in the file.
    static let sections = Set(
        table.flatMap { option in
            let parts = option.key.split(separator: ".")
            return (1..<parts.count).map { parts.prefix($0).joined(separator: ".") }
        })

    static func named(_ key: String) -> SettingsOption? { table.first { $0.key == key } }
    static func flagged(_ flag: String) -> SettingsOption? { table.first { $0.flag == flag } }
}
