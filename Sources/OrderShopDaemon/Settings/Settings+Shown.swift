import JSON

extension Settings {
    /// An option as `config.show` tells of it: `{value, from}`, without passwords.
    func shown(_ option: SettingsOption) -> JSONValue {
        let source = sources.byKey[option.key]
        var value = source?.text ?? option.fallback
        if option.key == "redis.url" { value = redis.urlWithoutPassword ?? "" }
        return ["value": .string(value), "from": .string(source?.origin ?? "default")]
    }
}
