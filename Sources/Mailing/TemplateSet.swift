import Glibc

/// The templates of all letters, read and checked.
public struct TemplateSet: Sendable {
    private struct Templates: Sendable {
        let subject: LetterTemplate
        let text: LetterTemplate
        let html: LetterTemplate?
    }

    private var templates: [String: Templates] = [:]

    /// Those that are built in.
    public static func builtIn(_ forms: [LetterForm]) throws(TemplateProblem) -> TemplateSet {
        try TemplateSet(forms, in: [])
    }

    /// Reads the templates of a directory. What is not there comes from the built-in ones, which are English.
    /// - Parameter locale: a directory in it that goes first; empty: none.
    public init(_ forms: [LetterForm], directory: String, locale: String) throws(TemplateProblem) {
        try self.init(forms, in: locale.isEmpty ? [directory] : ["\(directory)/\(locale)", directory])
    }

    private init(_ forms: [LetterForm], in directories: [String]) throws(TemplateProblem) {
        for form in forms { templates[form.name] = try Self.read(form, directories) }
    }

    /// Fills a letter in.
    public func letter(_ form: LetterForm, _ values: [String: LetterValue]) -> Letter {
        guard let found = templates[form.name] else {
            return Letter(subject: form.name, text: "", html: nil)
        }
        return Letter(
            subject: Self.line(found.subject.filled(values)), text: found.text.filled(values),
            html: found.html?.filled(values))
    }

    /// What can stand in a header: one line, of a length that people read.
    private static func line(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(500) {
            let isControl = scalar.properties.generalCategory == .control
            line.unicodeScalars.append(isControl ? " " : scalar)
        }
        return line
    }

    // MARK: Reading

    private static func read(_ form: LetterForm, _ directories: [String]) throws(TemplateProblem) -> Templates {
        for directory in directories {
            let file = "\(directory)/\(form.name).txt"
            guard let text = try contents(of: file) else { continue }
            // Both from one place: a letter does not speak two languages.
            let page = "\(directory)/\(form.name).html"
            return try templates(form, text, file, html: try contents(of: page), page)
        }
        guard let text = BuiltInTemplates.files["\(form.name).txt"] else {
            throw TemplateProblem(file: "\(form.name).txt", line: nil, message: "there is no such template")
        }
        let html = BuiltInTemplates.files["\(form.name).html"]
        return try templates(form, text, "\(form.name).txt", html: html, "\(form.name).html")
    }

    /// The first line of the text is the subject, the second is empty.
    private static func templates(
        _ form: LetterForm, _ text: String, _ file: String, html: String?, _ page: String
    ) throws(TemplateProblem) -> Templates {
        let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, lines[0].hasPrefix("Subject: "), lines[1].isEmpty else {
            throw TemplateProblem(
                file: file, line: 1, message: "does not begin with a line 'Subject: …' and an empty one")
        }
        return Templates(
            subject: try LetterTemplate(
                String(lines[0].dropFirst("Subject: ".count)), as: .text, names: form.names, file: file),
            text: try LetterTemplate(String(lines[2]), as: .text, names: form.names, file: file, firstLine: 3),
            html: try pageTemplate(html, form, page))
    }

    private static func pageTemplate(
        _ html: String?, _ form: LetterForm, _ file: String
    ) throws(TemplateProblem) -> LetterTemplate? {
        guard let html else { return nil }
        return try LetterTemplate(html, as: .html, names: form.names, file: file)
    }

    private static func contents(of file: String) throws(TemplateProblem) -> String? {
        guard let stream = fopen(file, "re") else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            let reason = String(cString: strerror(errno))
            throw TemplateProblem(file: file, line: nil, message: "cannot be read: \(reason)")
        }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 200_001)
        let count = fread(&bytes, 1, bytes.count, stream)
        guard count <= 200_000 else {
            throw TemplateProblem(file: file, line: nil, message: "has more than 200000 bytes")
        }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            throw TemplateProblem(file: file, line: nil, message: "is no UTF-8")
        }
        return text.replacing("\r\n", with: "\n")
    }
}
