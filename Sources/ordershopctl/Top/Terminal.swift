import Dispatch
import Glibc

/// The terminal as a canvas: single keys come in, whole pictures go out. As it was before when `close` is called.
final class Terminal {
    private let before: termios
    private let source: any DispatchSourceRead
    let keys: AsyncStream<Key>

    /// - Throws: where input and output are not both a terminal.
    init() throws(Failure) {
        var mode = termios()
        guard isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &mode) == 0 else {
            throw Failure(.usage, "top needs a terminal. For programs there is 'ordershopctl status --json'.")
        }
        before = mode
        cfmakeraw(&mode)
        tcsetattr(STDIN_FILENO, TCSANOW, &mode)
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO)
        let (keys, typed) = AsyncStream.makeStream(of: Key.self)
        source.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            // The end of the input is the end of the terminal.
            if count <= 0 { return typed.finish() }
            for key in Key.keys(in: bytes.prefix(count)) { typed.yield(key) }
        }
        source.resume()
        (self.source, self.keys) = (source, keys)
        Self.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    func close() {
        source.cancel()
        Self.write("\u{1B}[?25h\u{1B}[?1049l")
        var mode = before
        tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    }

    /// Columns and rows as they are just now.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Shows the lines and nothing else.
    func show(_ lines: [String]) {
        let picture = lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n")
        Self.write("\u{1B}[H" + picture + "\u{1B}[J")
    }

    private static func write(_ text: String) { try? Output.write(text) }
}

/// What was typed.
enum Key: Equatable {
    case character(Character)
    case up, down, enter, escape, interrupt

    /// Takes apart what a terminal sent at once.
    static func keys(in bytes: some Collection<UInt8>) -> [Key] {
        var rest = Array(bytes)[...]
        var keys: [Key] = []
        while let byte = rest.popFirst() {
            if byte == 0x1B, rest.first == UInt8(ascii: "[") || rest.first == UInt8(ascii: "O") {
                rest = rest.dropFirst()
                switch rest.popFirst() {
                case UInt8(ascii: "A"): keys.append(.up)
                case UInt8(ascii: "B"): keys.append(.down)
                default: break
                }
            } else {
                keys.append(key(byte))
            }
        }
        return keys
    }

    private static func key(_ byte: UInt8) -> Key {
        switch byte {
        case 0x03: .interrupt
        case 0x0A, 0x0D: .enter
        case 0x1B: .escape
        default: .character(Character(UnicodeScalar(byte)))
        }
    }
}
