import Foundation

/// A real HTTP server on the loopback interface that is sent webhooks' messages, and does what it is told to: each path
/// has its own behaviour.
public final class WebhookReceiver: Sendable {
    /// What it does with the messages to one path.
    public struct Behaviour: Sendable, Encodable {
        public var status = 200
        public var headers: [String: String] = [:]
        public var body = "thanks"
        /// Seconds before it answers.
        public var delay = 0.0
        /// Only messages about these entities are treated so; empty: all.
        public var entities: [String] = []
        /// Answers without an end.
        public var isEndless = false

        public init() {}

        public init(status: Int, headers: [String: String] = [:], entities: [String] = []) {
            (self.status, self.headers, self.entities) = (status, headers, entities)
        }
    }

    /// A request, as it came.
    public struct Request: Sendable, Decodable {
        public let path: String
        /// Names in lower case.
        public let headers: [String: String]
        public let body: String
        public let status: Int
        /// Unix seconds.
        public let at: Double

        public var id: String { headers["webhook-id"] ?? "" }
    }

    public let port: Int
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// - Parameter certificates: nil: without TLS.
    public static func start(_ certificates: Certificates? = nil) async throws -> WebhookReceiver {
        let port = try LoopbackPort.free()
        let directory = try TemporaryDirectory()
        try Data(script.utf8).write(to: URL(filePath: directory.file("server.py")))
        let process = try await ChildProcess.start(
            [
                "/usr/bin/python3", directory.file("server.py"), directory.path, String(port),
                certificates?.server ?? "", certificates?.key ?? "",
            ], output: directory.file("log"))
        let server = WebhookReceiver(port: port, directory: directory, process: process)
        try await eventually("the receiver listens", within: .seconds(30)) {
            FileManager.default.fileExists(atPath: directory.file("ready"))
        }
        return server
    }

    private init(port: Int, directory: TemporaryDirectory, process: ChildProcess) {
        (self.port, self.directory, self.process) = (port, directory, process)
    }

    deinit { process.end(with: SIGKILL) }

    /// What it does from now on.
    public func behave(_ path: String, _ behaviour: Behaviour) throws {
        let name = directory.file("behaviour" + path.replacing("/", with: "_"))
        try JSONEncoder().encode(behaviour).write(to: URL(filePath: name), options: .atomic)
    }

    /// In the order in which they came.
    public func requests(_ path: String? = nil) throws -> [Request] {
        guard let text = try? String(contentsOfFile: directory.file("requests"), encoding: .utf8) else { return [] }
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
            .filter { path == nil || $0.path == path }
    }

    private static let script = #"""
        import http.server, json, os, ssl, sys, threading, time

        directory, port, certificate, key = sys.argv[1:]
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                behaviour = {"status": 200, "headers": {}, "body": "thanks", "delay": 0, "isEndless": False}
                try:
                    with open(os.path.join(directory, "behaviour" + self.path.replace("/", "_"))) as file:
                        told = json.load(file)
                    entity = json.loads(body).get("data", {}).get("entity_id")
                    if not told["entities"] or entity in told["entities"]:
                        behaviour = told
                except FileNotFoundError:
                    pass
                request = {
                    "path": self.path, "headers": {n.lower(): v for n, v in self.headers.items()}, "body": body,
                    "status": behaviour["status"], "at": time.time()}
                with lock, open(os.path.join(directory, "requests"), "a") as file:
                    file.write(json.dumps(request) + "\n")
                time.sleep(behaviour["delay"])
                self.send_response(behaviour["status"])
                for name, value in behaviour["headers"].items():
                    self.send_header(name, value)
                if behaviour["isEndless"]:
                    self.end_headers()
                    while True:
                        self.wfile.write(b"x" * 65536)
                answer = behaviour["body"].encode()
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        server = Server(("127.0.0.1", int(port)), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        open(os.path.join(directory, "ready"), "w").close()
        server.serve_forever()
        """#
}
