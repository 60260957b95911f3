import Glibc

/// The two ways out of the program.
enum Output {
    /// - Throws: where not all of it could be written, as on a full disk. A reader who has seen enough is no failure.
    static func write(_ text: String) throws(Failure) {
        guard let error = write(Array(text.utf8), to: STDOUT_FILENO), error != EPIPE else { return }
        throw Failure(.refused, "The result could not be written (error \(error)).")
    }

    /// Asks on stderr, where the answer is typed behind it.
    static func prompt(_ question: String) { _ = write(Array(printable(question).utf8), to: STDERR_FILENO) }

    /// The same with control characters, of ours.
    static func prompt(raw text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

    /// Says on stderr why there is no result. Nobody is left to be told where that fails.
    static func complain(_ message: String) {
        if message.isEmpty { return }
        _ = write(Array((printable(message, keepingLineBreaks: true) + "\n").utf8), to: STDERR_FILENO)
    }

    /// - Returns: the system's error, nil when all was written.
    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> CInt? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return errno }
        }
        return nil
    }
}

/// Text from the shop must not steer the terminal: control characters become visible.
func printable(_ text: String, keepingLineBreaks: Bool = false) -> String {
    func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control: keepingLineBreaks && scalar == "\n"
        case .lineSeparator, .paragraphSeparator: false
        // Format characters join emoji and letters; the ones that turn the direction of text around do not.
        case .format: !("\u{202A}"..."\u{202E}").contains(scalar) && !("\u{2066}"..."\u{2069}").contains(scalar)
        default: true
        }
    }
    guard !text.unicodeScalars.allSatisfy(isHarmless) else { return text }
    return text.unicodeScalars.map { isHarmless($0) ? String($0) : $0.escaped(asASCII: true) }.joined()
}
