import Glibc

/// Where the embedded Redis keeps what, and how it is started.
struct EmbeddedRedisLayout {
    /// Keeps a log that nobody rotates from filling the disk: one old one is kept.
    static let largestLog = 1_048_576

    let directory: String
    var socket: String { "\(directory)/redis.sock" }
    var log: String { "\(directory)/redis.log" }

    private let server: String
    private let setpriv: String?
    private let searchPath: String

    init(in state: StateDirectory, server: String, searchPath: String) throws(DaemonError) {
        guard let program = Files.program(server, in: searchPath) else { throw Self.notInstalled(server) }
        self.server = program
        self.searchPath = searchPath
        setpriv = Files.program("setpriv", in: searchPath)
        directory = "\(state.path)/redis"
        guard UnixSocket.fits(socket) else { throw Self.tooLong(socket) }
        _ = try state.directory("redis")
    }

    /// Does the server get SIGTERM when the daemon dies without a word?
    var endsWithDaemon: Bool { setpriv != nil }

    var arguments: [String] {
        (setpriv.map { [$0, "--pdeathsig", "TERM"] } ?? []) + [server] + options.flatMap { ["--\($0)", $1] }
    }

    /// Not the daemon's: `NOTIFY_SOCKET`, and passwords in variables, are not for Redis.
    var environment: [String] { ["PATH=\(searchPath)", "LC_ALL=C"] }

    private var options: KeyValuePairs<String, String> {
        [
            "dir": directory,
            // Nothing but the socket, and that only for the daemon's own user.
            "port": "0",
            "unixsocket": socket,
            "unixsocketperm": "700",
            "daemonize": "no",
            // The append-only file alone is the store. When the daemon ends, however it ends, Redis is asked to end
            // and writes all of it; when Redis itself is killed or the machine stops, up to two seconds are lost.
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            // A torn last entry, after a power cut, is cut off; everything before it is kept.
            "aof-load-truncated": "yes",
            // An event store must refuse a write and never forget one.
            "maxmemory-policy": "noeviction",
            // Hashes of longer values would forget the order of their fields, which readers of the cache may want.
            "hash-max-listpack-value": "65536",
            // Standard output, which is our file: start-up errors of setpriv and the linker land there too.
            "logfile": "",
        ]
    }

    func rotateLog() {
        guard Files.size(log) > Self.largestLog else { return }
        rename(log, "\(log).1")
    }

    var lastLogLines: String {
        Files.tail(log, bytes: 2_048).split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    private static func notInstalled(_ server: String) -> DaemonError {
        DaemonError(
            .redisNotInstalled,
            """
            There is no program \(server). Install it (apt install redis-server), name it with redis.server, or \
            set redis.url to use another Redis.
            """)
    }

    private static func tooLong(_ socket: String) -> DaemonError {
        DaemonError(
            .socketPathTooLong,
            """
            The embedded Redis's socket \(socket) has \(socket.utf8.count) bytes, and the system allows \
            \(UnixSocket.longestPath). Choose a shorter --state-directory, or set redis.url to use another Redis.
            """)
    }
}
