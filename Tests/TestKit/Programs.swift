#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The executables of this package, as they were built together with the tests.
public enum Programs {
    /// The path of one of them: they lie in the directory of the test bundle, or above it.
    public static func path(_ name: String) throws -> String {
        var directory = try executable()
        while let slash = directory.lastIndex(of: "/") {
            directory = String(directory[..<slash])
            let path = "\(directory)/\(name)"
            if access(path, X_OK) == 0 { return path }
        }
        throw TestKitError("there is no \(name) beside the test bundle: build it first")
    }

    private static func executable() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return CommandLine.arguments[0] }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
