import CCurl
import Glibc

/// A handle of libcurl's, for one transfer after the other: the options of one, what it sends and what comes back.
/// Everything that libcurl points to lives as long as this does.
///
/// `@unchecked Sendable`: one thread at a time works with it, the one that took it out of the pool.
final class CurlHandle: @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// The first option that libcurl refused.
    private(set) var refused: CURLcode = CURLE_OK

    /// Where one of them is raised, nobody waits for the transfer any more.
    private var flags: [StopFlag] = []
    /// The connection is being closed: what is said then is not about the transfer.
    private var isLeaving = false
    /// What is sent, and how much of it has been.
    private var upload: [UInt8] = []
    private var sent = 0
    /// What came back, of which no more than `most` is kept.
    private(set) var body: [UInt8] = []
    private var most = 0
    /// So much of the answer is read, and then no more.
    private var limit = Int.max
    private var received = 0
    /// Whether more came than is read.
    var isCutOff: Bool { received > limit }
    /// The lines that the server said outside of the body.
    private(set) var lines: [String] = []
    /// The last command that was sent, where the protocol has commands.
    private(set) var lastCommand = ""
    /// Which addresses may be connected to; nil: all.
    private var admits: (@Sendable (SocketAddress) -> Bool)?
    /// The addresses that it did not connect to.
    private(set) var refusedAddresses: [SocketAddress] = []

    /// - Throws: where there is no libcurl on this machine, or no memory.
    init() throws(CurlFailure) {
        if let reason = ordershop_curl_load() {
            throw .unavailable("libcurl cannot be used (install libcurl4): \(String(cString: reason))")
        }
        guard let pointer = ordershop_curl_open() else { throw .unavailable("memory is short") }
        self.pointer = pointer
    }

    deinit {
        ordershop_curl_close(pointer)
        for list in lists { ordershop_curl_free(list) }
        errorText.deallocate()
    }

    /// Forgets the last transfer, but for its connection.
    func begin(heeding flags: [StopFlag]) {
        ordershop_curl_reset(pointer)
        for list in lists { ordershop_curl_free(list) }
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        (lists, upload, sent, body, most, lines) = ([], [], 0, [], 0, [])
        (lastCommand, isLeaving, refused, refusedAddresses, admits) = ("", false, CURLE_OK, [], nil)
        (limit, received) = (Int.max, 0)
        self.flags = flags
        setPointer(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        set(CURLOPT_NOSIGNAL, 1)
        installCallbacks()
    }

    /// Blocks the thread until it is done.
    func perform() -> CURLcode { refused == CURLE_OK ? ordershop_curl_perform(pointer) : refused }

    /// Cuts the connection. Otherwise libcurl would take its leave of the server and wait for the answer, for minutes
    /// where the server has stopped to answer.
    func hangUp() {
        var socket = CURL_SOCKET_BAD
        guard ordershop_curl_get_socket(pointer, &socket) == CURLE_OK, socket != CURL_SOCKET_BAD else { return }
        shutdown(socket, Int32(SHUT_RDWR))
    }

    // MARK: Options

    func set(_ option: CURLoption, _ value: Int) { note(ordershop_curl_set_long(pointer, option, value)) }
    func set(_ option: CURLoption, _ value: String) { note(ordershop_curl_set_string(pointer, option, value)) }

    func set(_ option: CURLoption, _ values: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for value in values { list = ordershop_curl_append(list, value) ?? list }
        if let list { lists.append(list) }
        note(ordershop_curl_set_list(pointer, option, list))
    }

    func set(timeout: Duration, connecting: Duration) {
        set(CURLOPT_TIMEOUT_MS, max(1, Int(timeout / .milliseconds(1))))
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(connecting / .milliseconds(1))))
    }

    /// - Parameter most: so much of the answer is kept; the rest is read and forgotten.
    func set(upload: [UInt8], keeping most: Int = 0) {
        self.upload = upload
        self.most = most
        note(ordershop_curl_set_large(pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(upload.count)))
    }

    /// - Parameters:
    ///   - most: so much of the answer is kept.
    ///   - limit: so much of it is read; where there is more, the transfer is broken off.
    func set(posting body: [UInt8], keeping most: Int, reading limit: Int) {
        (self.most, self.limit) = (most, limit)
        set(CURLOPT_POST, 1)
        note(ordershop_curl_set_large(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        var body = body
        // It is copied, so that it can be sent again where a connection turns out to be dead.
        body.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { setPointer(CURLOPT_COPYPOSTFIELDS, start) }
        }
    }

    private func setPointer(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        note(ordershop_curl_set_pointer(pointer, option, value))
    }

    private func note(_ code: CURLcode) { if refused == CURLE_OK { refused = code } }

    // MARK: What came of it

    var responseCode: Int {
        var code = 0
        return ordershop_curl_get_long(pointer, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK ? code : 0
    }

    /// What libcurl says of a failure.
    func reason(_ code: CURLcode) -> String {
        let text = String(cString: errorText)
        return text.isEmpty ? String(cString: ordershop_curl_text(code)) : text
    }

    // MARK: Callbacks

    private func installCallbacks() {
        let owner = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_READDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_DEBUGDATA] {
            setPointer(option, owner)
        }
        note(ordershop_curl_on_read(pointer) { CurlHandle.owner($3)?.read(into: $0, $1 * $2) ?? 0 })
        note(ordershop_curl_on_write(pointer) { CurlHandle.owner($3)?.write($0, $1 * $2) ?? 0 })
        note(ordershop_curl_on_header(pointer) { CurlHandle.owner($3)?.header($0, $1 * $2) ?? 0 })
        // Without it, nobody says which commands were sent. It replaces libcurl's chatter on stderr.
        note(
            ordershop_curl_on_debug(pointer) { _, kind, bytes, count, owner in
                if kind == CURLINFO_HEADER_OUT { CurlHandle.owner(owner)?.command(bytes, count) }
                return 0
            })
        set(CURLOPT_VERBOSE, 1)
        setPointer(CURLOPT_XFERINFODATA, owner)
        note(
            ordershop_curl_on_progress(pointer) { owner, _, _, _, _ in
                CurlHandle.owner(owner)?.flags.contains(where: \.isRaised) == true ? 1 : 0
            })
        set(CURLOPT_NOPROGRESS, 0)
    }

    /// Connects to no address but those.
    /// - Parameter admits: sees each address that is about to be connected to, however it came of the name.
    func connectOnly(to admits: @escaping @Sendable (SocketAddress) -> Bool) {
        self.admits = admits
        setPointer(CURLOPT_OPENSOCKETDATA, Unmanaged.passUnretained(self).toOpaque())
        note(
            ordershop_curl_on_open_socket(pointer) { owner, _, address in
                guard let address, let handle = CurlHandle.owner(owner) else { return CURL_SOCKET_BAD }
                return handle.openSocket(address.pointee, at: address)
            })
    }

    private static func owner(_ pointer: UnsafeMutableRawPointer?) -> CurlHandle? {
        pointer.map { Unmanaged<CurlHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    private func read(into bytes: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
        let count = min(room, upload.count - sent)
        guard count > 0, let bytes else { return 0 }
        upload[sent..<sent + count].withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: bytes, count: count).copyMemory(from: $0)
        }
        sent += count
        return count
    }

    private func write(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        body += Self.bytes(bytes, min(count, most - body.count))
        received += count
        return isCutOff ? 0 : count
    }

    private func header(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        if lines.count < 200, !isLeaving { lines.append(Self.line(Self.bytes(bytes, min(count, 1_000)))) }
        return count
    }

    /// Of a command only the verb is kept: it may hold a password.
    private func command(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) {
        let verb = Self.line(Self.bytes(bytes, min(count, 4))).uppercased()
        if verb == "QUIT" { isLeaving = true } else { lastCommand = verb }
    }

    private static func bytes(_ start: UnsafeMutablePointer<CChar>?, _ count: Int) -> [UInt8] {
        guard count > 0, let start else { return [] }
        return UnsafeRawBufferPointer(start: start, count: count).map(\.self)
    }

    private static func line(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix { $0 != 0x0D && $0 != 0x0A }, as: UTF8.self)
    }

    private func openSocket(
        _ address: curl_sockaddr, at pointer: UnsafeMutablePointer<curl_sockaddr>
    ) -> curl_socket_t {
        let found = SocketAddress(address, at: pointer)
        guard let admits, let found, admits(found) else {
            if let found { refusedAddresses.append(found) }
            return CURL_SOCKET_BAD
        }
        return socket(address.family, address.socktype | CloseOnExec.flag, address.`protocol`)
    }
}
