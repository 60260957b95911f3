import Glibc

/// A value that was found for an option.
struct SettingsValue {
    let option: SettingsOption
    let text: String
    let origin: SettingsOrigin
}

extension Settings {
    /// Reads all sources: the command line wins over `ORDERSHOP_…` variables, these over the file, the file over
    /// systemd's `STATE_DIRECTORY` and `CREDENTIALS_DIRECTORY`, and those over the built-in defaults.
    ///
    /// - Parameters:
    ///   - commandLine: the flags that were given, with their values: `["--shop": "berlin"]`. `--config` too.
    ///   - environment: the process's variables.
    ///   - defaultFile: read when neither `--config` nor `ORDERSHOP_CONFIG` names one, and there is no `SHOP.yaml`
    ///     beside it for the shop that a flag or a variable names; need not exist.
    /// - Throws: all problems of all sources. A bad value counts even where a better source overrides it: it would
    ///   come to light later, when nobody thinks of it.
    public static func load(
        commandLine: [String: String], environment: [String: String],
        defaultFile: String = Settings.defaultFile
    ) throws(SettingsError) -> Settings {
        var loading = SettingsLoading()
        loading.take(loading.systemd(environment) + loading.credentials(environment))
        loading.read(SettingsFile.choose(commandLine, environment, defaultFile: defaultFile))
        loading.take(loading.variables(environment))
        loading.take(loading.flags(commandLine))
        guard loading.problems.isEmpty else { throw SettingsError(problems: loading.problems) }
        return loading.settings
    }
}

/// The layers put on top of each other, the weakest first.
private struct SettingsLoading {
    var settings = Settings.defaults
    var problems: [SettingsProblem] = []

    mutating func take(_ values: [SettingsValue]) {
        for value in values {
            do {
                try value.option.assign(&settings, value.text)
                settings.sources.byKey[value.option.key] = .init(text: value.text, origin: "\(value.origin)")
            } catch {
                problems.append(
                    SettingsProblem(value.option, value.text, from: value.origin, reason: error.reason))
            }
        }
    }

    /// systemd separates several directories with colons; the unit's first is ours.
    func systemd(_ environment: [String: String]) -> [SettingsValue] {
        SettingsOption.table.compactMap { option in
            guard let name = option.systemdVariable,
                let first = environment[name]?.split(separator: ":").first
            else { return nil }
            return SettingsValue(option: option, text: String(first), origin: .variable(name))
        }
    }

    /// `LoadCredential=redis.password:/path` in the unit makes a file that nobody else can read.
    func credentials(_ environment: [String: String]) -> [SettingsValue] {
        guard let directory = environment["CREDENTIALS_DIRECTORY"] else { return [] }
        return SettingsOption.table.compactMap { option in
            guard let name = option.credential, Files.exists("\(directory)/\(name)") else { return nil }
            return SettingsValue(
                option: option, text: "\(directory)/\(name)", origin: .variable("CREDENTIALS_DIRECTORY"))
        }
    }

    mutating func read(_ choice: SettingsFile.Choice) {
        let text: String?
        do {
            text = try Files.read(choice.path, atMost: SettingsFile.largestSize)
        } catch {
            let message = "\(choice.path) cannot be read: \(error); expected a YAML file"
            problems.append(SettingsProblem(origin: choice.origin, message: message))
            return
        }
        guard let text else {
            guard choice.isRequired else { return }
            let message = "there is no file \(choice.path); expected a YAML file"
            problems.append(SettingsProblem(origin: choice.origin, message: message))
            return
        }
        let file = SettingsFile(path: choice.path, yaml: text)
        settings.file = choice.path
        problems += file.problems
        take(file.values)
    }

    /// Unknown ones are only noted: they may be another program's, such as the tests'.
    mutating func variables(_ environment: [String: String]) -> [SettingsValue] {
        let known = ["ORDERSHOP_CONFIG"] + SettingsOption.table.map(\.variable)
        for name in environment.keys.sorted() where name.hasPrefix("ORDERSHOP_") && !known.contains(name) {
            settings.notices.append("variable \(name) is not known; \(NearestName.hint(for: name, among: known))")
        }
        return SettingsOption.table.compactMap { option in
            environment[option.variable].map {
                SettingsValue(option: option, text: $0, origin: .variable(option.variable))
            }
        }
    }

    mutating func flags(_ commandLine: [String: String]) -> [SettingsValue] {
        if let url = commandLine["--redis"], RedisLocation.withoutPassword(url) != url {
            settings.notices.append(
                "everybody on this machine can see what --redis says: "
                    + "give the user as redis.user and the password as redis.password_file")
        }
        return SettingsOption.table.compactMap { option in
            guard let flag = option.flag, let text = commandLine[flag] else { return nil }
            return SettingsValue(option: option, text: text, origin: .flag(flag))
        }
    }
}

extension SettingsFile {
    /// Which file to read, and who says so.
    struct Choice {
        let path: String
        let origin: SettingsOrigin
        let isRequired: Bool
    }

    static func choose(
        _ commandLine: [String: String], _ environment: [String: String], defaultFile: String
    ) -> Choice {
        if let path = commandLine["--config"] {
            return Choice(path: path, origin: .flag("--config"), isRequired: true)
        }
        if let path = environment["ORDERSHOP_CONFIG"] {
            return Choice(path: path, origin: .variable("ORDERSHOP_CONFIG"), isRequired: true)
        }
        let path = ownFile(commandLine, environment, beside: defaultFile) ?? defaultFile
        return Choice(path: path, origin: .file(path: path, line: nil, column: nil), isRequired: false)
    }

    /// `berlin.yaml` beside the common file, where the shop is called berlin and has one.
    private static func ownFile(
        _ commandLine: [String: String], _ environment: [String: String], beside common: String
    ) -> String? {
        guard let shop = commandLine["--shop"] ?? environment["ORDERSHOP_SHOP"], !shop.isEmpty,
            (try? SettingsOption.shopName(shop)) != nil
        else { return nil }
        let directory = common.lastIndex(of: "/").map { common[...$0] } ?? ""
        let path = "\(directory)\(shop).yaml"
        return access(path, F_OK) == 0 ? path : nil
    }
}
