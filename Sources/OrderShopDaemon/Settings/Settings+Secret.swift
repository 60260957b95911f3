import Glibc

extension Settings {
    /// The first line of a file; nil where no file is named.
    /// - Parameter what: what should stand there, such as `the password for Redis`.
    static func secret(in file: String?, _ what: String) throws(SettingsError) -> String? {
        guard let file else { return nil }
        let text: String
        do {
            guard let found = try Files.read(file, atMost: 65_536) else { throw Errno(code: ENOENT) }
            text = found
        } catch {
            throw unusable(file, "cannot be read: \(error); expected \(what)")
        }
        let secret = String(text.prefix { !$0.isNewline })
        guard !secret.isEmpty else { throw unusable(file, "has an empty first line; expected \(what)") }
        return secret
    }

    private static func unusable(_ file: String, _ message: String) -> SettingsError {
        let origin = SettingsOrigin.file(path: file, line: nil, column: nil)
        return SettingsError(problems: [SettingsProblem(origin: origin, message: message)])
    }
}
