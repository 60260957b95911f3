import ArgumentParser
import Hummingbird
import Logging

/// The least that a Hummingbird server does: it answers at once with bytes that it was given. That is the ceiling of
/// what a REST API of such bytes can do on this machine.
@main struct BareServer: AsyncParsableCommand {
    @Option var port: Int
    @Option(help: "What a POST is answered with.") var postAnswer = "{}"
    @Option(help: "What a GET is answered with.") var getAnswer = "{}"

    func run() async throws {
        let router = Router()
        let (post, get) = (ByteBuffer(string: postAnswer), ByteBuffer(string: getAnswer))
        router.post("/order") { request, _ in
            _ = try await request.body.collect(upTo: 1_048_576)
            return Response(
                status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: post))
        }
        router.get("/customer/:id") { _, _ in
            Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: get))
        }
        var logger = Logger(label: "bare")
        logger.logLevel = .error
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
        try await application.runService()
    }
}
