import Glibc
import HandlerRuntime
import JSON
import Logging

/// `daemon.…`, `config.…`, `log.…`, `metrics.…`: the daemon itself.
extension ControlMethod {
    static func daemon(_ status: DaemonStatus) -> [ControlMethod] {
        [
            ControlMethod("daemon.status", "How the daemon, its modules and its Redis are.") { _ in
                await status.json()
            },
            ControlMethod("daemon.health", "Whether all is well, and otherwise what is not: for monitoring.") { _ in
                await status.verdict()
            },
            ControlMethod(
                "daemon.shutdown", "Ends the daemon in good order, as SIGTERM does; systemd may start it again.",
                role: .admin, returns: .yes
            ) { _ in
                kill(getpid(), SIGTERM)
                return true
            },
            ControlMethod("config.show", "The settings that hold, and where each comes from.", role: .operator) {
                _ in
                .object(JSONObject(SettingsOption.table.map { ($0.key, status.shown.value.shown($0)) }))
            },
            ControlMethod("metrics.show", "What was counted since the daemon started.") { _ in
                await status.metrics()
            },
        ] + log()
    }

    private static func log() -> [ControlMethod] {
        let level = Schema.choice(Logger.Level.allCases.map(\.rawValue))
        return [
            ControlMethod("log.level", "The least severe messages that are logged.", returns: level) { _ in
                .string(DaemonLog.threshold.rawValue)
            },
            ControlMethod(
                "log.set", "Sets that, until the settings are read again.", [Field("level", level, "from here on")],
                role: .operator, returns: .yes
            ) { parameters in
                DaemonLog.set(Logger.Level(rawValue: parameters.text("level")) ?? .info)
                return true
            },
        ]
    }
}

extension DaemonStatus {
    /// `{healthy, problems}`: nothing that is as somebody wants it to be is a problem.
    func verdict() async -> JSONValue {
        var problems = health.complaints
        for module in await supervisor.status() {
            switch module.state {
            case .failed(let reason): problems.append("\(module.name) does not start: \(reason)")
            case .backingOff(let reason, _): problems.append("\(module.name) is backing off: \(reason)")
            case .starting, .running, .catchingUp, .replaying, .disabled, .standby, .stopped: break
            }
            if let parked = module.parked, parked > 0 {
                problems.append("\(parked) events of \(module.name) are parked")
            }
        }
        return ["healthy": .bool(problems.isEmpty), "problems": .array(problems.map { .string($0) })]
    }

    func metrics() async -> JSONValue {
        let modules = await supervisor.status().map { module -> (String, JSONValue) in
            (
                module.name,
                [
                    "handled": .count(module.handled), "lag": .count(module.lag), "parked": .count(module.parked),
                    "rate": .count(Int(module.rate)),
                ]
            )
        }
        return [
            "uptime": .number(JSONNumber(UnixSeconds.now - started)),
            "memory_bytes": .count(ProcessFacts.now.residentBytes),
            "modules": .object(JSONObject(modules)),
        ]
    }
}
