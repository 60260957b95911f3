#if DEBUG
    import Glibc
    import NIOCore
    import NIOPosix
    import Synchronization
#endif

/// Places at which a test has the process end or stand still, as if it was hit just there. In a release there are none.
///
/// The variable `FAULT_POINT` names one: `commit crm 3` ends it before the third commit of the module crm, `freeze crm 3`
/// stops it there until it gets SIGCONT, `react crm ID` ends it when crm is about to react to an event of the entity ID. Just there `hang crm ID` has the module
/// hang for ever, and `loop crm ID` an event loop. `answer order.create 1` ends it when the first of these commands is written
/// and not answered yet.
enum FaultPoint {
    #if DEBUG
        private static let words = getenv("FAULT_POINT").map {
            String(cString: $0).split(separator: " ").map(String.init)
        }
        private static let passes = Mutex(0)

        static func commit(_ module: String) {
            guard let words, words.count == 3, ["commit", "freeze"].contains(words[0]), words[1] == module else {
                return
            }
            let number = passes.withLock { passes in
                passes += 1
                return passes
            }
            guard String(number) == words[2] else { return }
            // To this thread, so that it goes no further: whichever thread takes `kill`, others run on for a moment.
            if words[0] == "freeze" { raise(SIGSTOP) } else { end() }
        }

        static func answer(_ method: String) {
            guard let words, words.count == 3, words[0] == "answer", words[1] == method else { return }
            let number = passes.withLock { passes in
                passes += 1
                return passes
            }
            if String(number) == words[2] { end() }
        }

        static func react(_ module: String, _ entity: @autoclosure () -> String) async {
            guard let words, words.count == 3, words[1] == module, entity() == words[2] else { return }
            switch words[0] {
            case "react": end()
            case "hang": await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            case "loop": MultiThreadedEventLoopGroup.singleton.next().execute { while true { sleep(1_000) } }
            default: break
            }
        }

        private static func end() { kill(getpid(), SIGKILL) }
    #else
        @inline(__always) static func commit(_ module: String) {}
        @inline(__always) static func answer(_ method: String) {}
        @inline(__always) static func react(_ module: String, _ entity: @autoclosure () -> String) async {}
    #endif
}
