/// The settings cannot be used. All problems at once, in the order in which they were found, so that an operator
/// mends them in one go.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
    public let problems: [SettingsProblem]

    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// One value that cannot be used: `shopd.yaml:3:9: http.listen: "5000" has no port; expected ADDRESS:PORT`.
public struct SettingsProblem: Sendable, Equatable, CustomStringConvertible {
    public let origin: SettingsOrigin
    /// What is wrong and what was expected.
    public let message: String

    public var description: String { "\(origin): \(message)" }
}

/// Where a value stood.
public enum SettingsOrigin: Sendable, Equatable, CustomStringConvertible {
    case flag(String)
    case variable(String)
    /// Line and column count from 1; `nil` where the file as a whole is meant.
    case file(path: String, line: Int?, column: Int?)

    public var description: String {
        switch self {
        case .flag(let name): name
        case .variable(let name): "variable \(name)"
        case .file(let path, let line, let column):
            [path, line.map(String.init), column.map(String.init)].compactMap(\.self).joined(separator: ":")
        }
    }
}

extension SettingsProblem {
    /// A value that its option refuses.
    init(_ option: SettingsOption, _ text: String, from origin: SettingsOrigin, reason: String) {
        let subject =
            switch origin {
            case .file: "\(option.key): "
            case .flag, .variable: ""
            }
        self.init(
            origin: origin, message: "\(subject)\(Self.quoted(text)) \(reason); expected \(option.expected)")
    }

    /// Short, on one line and without a password.
    static func quoted(_ text: String) -> String {
        let shown = RedisLocation.withoutPassword(text)
        return (shown.count <= 120 ? shown : shown.prefix(120) + "…").debugDescription
    }
}
