/// What is said in a mail.
public struct Letter: Sendable, Equatable {
    /// One line.
    public let subject: String
    public let text: String
    public let html: String?

    public init(subject: String, text: String, html: String?) {
        (self.subject, self.text, self.html) = (subject, text, html)
    }
}

/// A kind of letter: what it is called, and what its templates may say.
public struct LetterForm: Sendable, Hashable {
    /// The name of its templates: `welcome` for `welcome.txt` and `welcome.html`.
    public let name: String
    /// The names that may stand in the templates, those inside of lists included.
    public let names: Set<String>

    public init(_ name: String, _ names: [String]) {
        self.name = name
        self.names = Set(names)
    }
}

/// What a name in a template stands for.
public enum LetterValue: Sendable, Equatable {
    case text(String)
    /// A section is there, or is not.
    case flag(Bool)
    /// A section is there once for each, with names of its own.
    case list([[String: String]])

    var mustache: Any {
        switch self {
        case .text(let text): text
        case .flag(let flag): flag
        case .list(let list): list
        }
    }
}
