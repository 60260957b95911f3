import Mustache

/// One text with names to be filled in: Mustache, without the parts of it that could switch the escaping off or read
/// other files.
struct LetterTemplate: Sendable {
    enum Kind: String {
        case text = "TEXT"
        case html = "HTML"
    }

    private let template: MustacheTemplate

    /// - Parameters:
    ///   - file: for messages.
    ///   - firstLine: the line in it at which the text begins.
    ///   - names: those that may be used.
    init(
        _ text: String, as kind: Kind, names: Set<String>, file: String, firstLine: Int = 1
    ) throws(TemplateProblem) {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            for tag in Self.tags(in: line) {
                guard let message = Self.problem(with: tag, names) else { continue }
                throw TemplateProblem(file: file, line: firstLine + number, message: message)
            }
        }
        do {
            template = try MustacheTemplate(string: "{{% CONTENT_TYPE:\(kind.rawValue)}}\(text)")
        } catch let error as MustacheTemplate.ParserError {
            let line = firstLine + error.context.lineNumber - 1
            throw TemplateProblem(file: file, line: line, message: "is no template: \(error.error)")
        } catch {
            throw TemplateProblem(file: file, line: nil, message: "is no template: \(error)")
        }
    }

    func filled(_ values: [String: LetterValue]) -> String { template.render(values.mapValues(\.mustache)) }

    // MARK: Checking

    /// What stands between braces.
    private static func tags(in line: Substring) -> [String] {
        line.split(separator: "{{", omittingEmptySubsequences: false).dropFirst().map { part in
            String(part.firstRange(of: "}}").map { part[..<$0.lowerBound] } ?? part)
        }
    }

    private static func problem(with tag: String, _ names: Set<String>) -> String? {
        guard let sigil = tag.first else { return "has braces with nothing in them" }
        switch sigil {
        case "!": return nil
        case "{", "&": return "{{\(tag)}} would not be escaped; expected {{NAME}}"
        case ">", "<", "$", "=", "%": return "{{\(tag)}} is not for letters; expected a name or a section"
        default: break
        }
        let name = ("#^/".contains(sigil) ? tag.dropFirst() : tag[...]).trimmingBlanks
        if names.contains(name) { return nil }
        return "{{\(tag)}} is not known here; expected one of \(names.sorted().joined(separator: ", "))"
    }
}

extension Substring {
    fileprivate var trimmingBlanks: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
