/// Why a text is not the JSON that is taken here.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case syntax
        case tooDeep
        case duplicateKey
        case invalidUTF8
        /// Only where strict: more digits than anybody means, or beyond binary floating point.
        case hugeNumber
        /// Only where strict: U+0000 in a string.
        case nul
    }

    public let code: Code
    /// What was wrong and what was expected, without the position.
    public let message: String
    /// The byte at which it was found, from 0.
    public let offset: Int

    public var description: String { "\(message) at byte \(offset)" }
}
