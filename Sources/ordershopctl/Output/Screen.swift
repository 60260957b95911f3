import Glibc

/// What the output goes to.
struct Screen {
    var isTerminal = false
    /// Columns of the terminal, nil where the output is no terminal: then nothing is cut.
    var width: Int?
    /// Whether headings may be bold.
    var isStyled = false

    static var standardOutput: Screen {
        guard isatty(STDOUT_FILENO) == 1 else { return Screen() }
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let isStyled = (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
        return Screen(isTerminal: true, width: isKnown ? Int(size.ws_col) : nil, isStyled: isStyled)
    }

    func narrowed(by columns: Int) -> Screen {
        var screen = self
        screen.width = width.map { max(1, $0 - columns) }
        return screen
    }

    func heading(_ text: String) -> String { styled(text, "1") }

    /// What is as it should be, what somebody should look at, what nobody need look at.
    func good(_ text: String) -> String { styled(text, "32") }
    func bad(_ text: String) -> String { styled(text, "1;31") }
    func faint(_ text: String) -> String { styled(text, "2") }

    /// A module's state.
    func state(_ name: String) -> String {
        switch name {
        case "failed", "backing off": bad(name)
        case "disabled", "standby", "stopped": faint(name)
        case "running": good(name)
        default: name
        }
    }

    private func styled(_ text: String, _ codes: String) -> String {
        isStyled ? "\u{1B}[\(codes)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    /// Columns that the text takes on a terminal.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// The text in no more than that many columns, with a sign where it was cut.
    func cut(to columns: Int) -> String {
        guard self.columns > columns else { return self }
        var result = ""
        var used = 0
        for character in self {
            used += character.columns
            if used >= columns { break }
            result.append(character)
        }
        return result + "…"
    }
}

extension Character {
    /// East Asian and emoji characters take two columns.
    fileprivate var columns: Int {
        guard let scalar = unicodeScalars.first, scalar.value >= 0x300 else { return 1 }
        if scalar.properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
