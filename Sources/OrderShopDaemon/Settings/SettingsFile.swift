import Yams

/// The configuration file: the values in it and where they stand, or what is wrong with it.
///
/// Read with Yams's nodes and not with swift-configuration: its YAML provider keeps no line numbers and does not
/// report unknown keys, so that a misspelt key would silently leave the default in force.
struct SettingsFile {
    /// Far above any real one; keeps a wrong path, such as an archive or a device, from being read to its end.
    static let largestSize = 1_048_576

    private let path: String
    private(set) var values: [SettingsValue] = []
    private(set) var problems: [SettingsProblem] = []

    /// - Parameter yaml: the text of the file at `path`.
    init(path: String, yaml: String) {
        self.path = path
        do {
            guard let root = try Yams.compose(yaml: yaml), !root.isNull else { return }
            visit(root, at: [], named: root.mark)
        } catch let error as YamlError {
            report(error)
        } catch {
            report("cannot be read as YAML: \(error)", at: nil)
        }
    }

    private mutating func visit(_ node: Node, at parents: [String], named mark: Mark?) {
        guard let mapping = node.mapping else {
            let subject = parents.isEmpty ? "the file" : parents.joined(separator: ".")
            return report("\(subject) has \(node.kind); expected keys with values", at: node.mark ?? mark)
        }
        for (name, value) in mapping {
            guard let name = name.scalar else {
                report("a key is \(name.kind); expected a name", at: name.mark)
                continue
            }
            visit(value, under: parents + [name.string], named: name.mark)
        }
    }

    private mutating func visit(_ value: Node, under path: [String], named mark: Mark?) {
        let key = path.joined(separator: ".")
        if let option = SettingsOption.named(key) {
            take(value, for: option, named: mark)
        } else if SettingsOption.sections.contains(key) {
            // `redis:` with all its keys commented out.
            if !value.isNull { visit(value, at: path, named: mark) }
        } else {
            let known = SettingsOption.table.map(\.key) + SettingsOption.sections
            report("unknown key \(key); \(NearestName.hint(for: key, among: known))", at: mark)
        }
    }

    /// The text as it was written, whatever type YAML sees in it: a shop may be called `no` or `007`.
    private mutating func take(_ value: Node, for option: SettingsOption, named mark: Mark?) {
        guard let scalar = value.scalar else {
            return report("\(option.key) is \(value.kind); expected \(option.expected)", at: value.mark ?? mark)
        }
        guard !value.isNull else { return }
        // `redis.url: …` beside `redis: {url: …}`; Yams finds the other doubles.
        guard !values.contains(where: { $0.option.key == option.key }) else {
            return report("\(option.key) stands here a second time; expected it once", at: mark)
        }
        values.append(SettingsValue(option: option, text: scalar.string, origin: origin(scalar.mark ?? mark)))
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            report("is not YAML: \(problem)", at: mark)
        case .duplicatedKeysInMapping(let names, let context):
            let names = names.sorted().joined(separator: ", ")
            report("\(names) stands twice in what begins here; expected it once", at: context.mark)
        case .reader(let problem, _, _, _): report("is not YAML: \(problem)", at: nil)
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            report("cannot be read as YAML: \(error)", at: nil)
        @unknown default: report("cannot be read as YAML: \(error)", at: nil)
        }
    }

    private mutating func report(_ message: String, at mark: Mark?) {
        problems.append(SettingsProblem(origin: origin(mark), message: message))
    }

    private func origin(_ mark: Mark?) -> SettingsOrigin {
        .file(path: path, line: mark?.line, column: mark?.column)
    }
}

extension Node {
    fileprivate var isNull: Bool { tag == Tag(.null) }

    fileprivate var kind: String {
        switch self {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar: "a single value"
        case .alias: "an alias"
        }
    }
}
