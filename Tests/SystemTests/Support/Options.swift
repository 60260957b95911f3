import TestKit

extension DaemonProcess.Options {
    /// - Parameters:
    ///   - lease: the seconds after which others take over from a daemon that died.
    ///   - tries: how often an event is tried before it is parked.
    func with(lease: Int = 5, tries: Int = 5) -> Self {
        var options = self
        options.configuration = "log:\n    level: info\nmodules:\n    lease: \(lease)\n    tries: \(tries)\n"
        return options
    }

    /// The same with a variable of the environment.
    func with(_ variable: String, _ value: String) -> Self {
        var options = self
        options.environment[variable] = value
        return options
    }
}

extension Shop {
    /// Another life of the same daemon, with the same data, which ends or freezes where FAULT_POINT says. This one
    /// must not be running meanwhile.
    func doomed(to fault: String) throws -> Shop {
        var options = daemon.options
        options.environment["FAULT_POINT"] = fault
        options.stateDirectory = daemon.stateDirectory
        return Shop(daemon: try DaemonProcess(options))
    }
}
