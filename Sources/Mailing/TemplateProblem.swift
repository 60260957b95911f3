/// Why a template cannot be used.
public struct TemplateProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The template's file, or the directory.
    public let file: String
    /// From 1 on; nil where it is not about one line.
    public let line: Int?
    public let message: String

    public init(file: String, line: Int?, message: String) {
        (self.file, self.line, self.message) = (file, line, message)
    }

    public var description: String { line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)" }
}
