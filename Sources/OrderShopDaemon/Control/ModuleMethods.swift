import EventStore
import HandlerRuntime
import JSON

/// `module.…`: what runs, and switching it.
extension ControlMethod {
    static let moduleName = Field("name", Schema.line(1...100).example("crm"), "the module's name")

    static func modules(_ supervisor: Supervisor, _ status: DaemonStatus) -> [ControlMethod] {
        [
            ControlMethod("module.list", "The modules and what each of them does.", returns: .objects) { _ in
                await status.modules()
            },
            ControlMethod("module.show", "One module: its backlog, checkpoint, lease, replay.", [moduleName]) {
                parameters throws(Refusal) in
                try await supervisor.details(of: parameters.text("name")).json
            },
            enable(supervisor),
            ControlMethod(
                "module.preview", "What a module would do with the events that wait, without doing it.",
                [moduleName]
            ) { parameters throws(Refusal) in
                try await supervisor.preview(parameters.text("name")).json
            },
            ControlMethod(
                "module.disable",
                "Switches a module off behind the batch in flight; nothing that happens meanwhile is lost.",
                [
                    moduleName,
                    Field(
                        "within", .integer(0...60), required: false, "seconds to wait for the batch in flight; 5"),
                ], role: .operator, returns: .yes
            ) { parameters throws(Refusal) in
                try await supervisor.disable(
                    parameters.text("name"), within: .seconds(parameters["within"]?.number?.int64 ?? 5))
                return true
            },
            ControlMethod(
                "module.restart", "Stops a module behind the batch in flight and starts it again, here.",
                [moduleName], role: .operator, returns: .yes
            ) { parameters throws(Refusal) in
                try await supervisor.restart(parameters.text("name"))
                return true
            },
            replay(supervisor),
            ControlMethod(
                "module.rebuild", "Writes a module's entity cache anew from the events.", [moduleName],
                role: .operator
            ) { parameters throws(Refusal) in
                ["entities": .count(try await supervisor.rebuildCache(of: parameters.text("name")))]
            },
        ]
    }

    private static func enable(_ supervisor: Supervisor) -> ControlMethod {
        ControlMethod(
            "module.enable", "Switches a module on; it goes on at its checkpoint, unless it is told otherwise.",
            [
                moduleName,
                Field(
                    "from", .choice(["checkpoint", "now"]), required: false, "what waits has no effects with 'now'"),
                Field(
                    "skip_effects_before", .moment, required: false, "what happened before has no effects any more"),
                Field("preview", .boolean, required: false, "only tell what it would do, as module.preview"),
            ], role: .operator, returns: .any([("type", ["boolean", "object"])])
        ) { parameters throws(Refusal) in
            let name = parameters.text("name")
            if parameters["preview"] == true { return try await supervisor.preview(name).json }
            try await supervisor.enable(name, try resumption(parameters))
            return true
        }
    }

    private static func resumption(_ parameters: JSONObject) throws(Refusal) -> Resumption {
        let skip = parameters["skip_effects_before"]?.string.flatMap { Moment($0) }
        switch (parameters["from"]?.string, skip) {
        case ("now", nil): return .fromNow
        case (_, let moment?):
            if parameters["from"] == "now" {
                throw Refusal([Violation("/skip_effects_before", "must not be given together with from 'now'")])
            }
            return .skippingEffects(before: moment)
        case (_, nil): return .atCheckpoint
        }
    }

    private static func replay(_ supervisor: Supervisor) -> ControlMethod {
        ControlMethod(
            "module.replay",
            "Sends a module back to handle again what it has handled since; it goes on from there by itself.",
            [
                moduleName, Field("from", .moment, "the events behind it are handled again"),
                Field(
                    "effects", .choice(["all", "none"]), required: false,
                    "whether its reactions run again (mails!); none"),
            ], role: .operator
        ) { parameters throws(Refusal) in
            let moment = parameters["from"]?.string.flatMap { Moment($0) } ?? Moment(.zero)
            let (from, until) = try await supervisor.replay(
                parameters.text("name"), from: moment, withEffects: parameters["effects"] == "all")
            return ["from": .string("\(from)"), "until": .string("\(until)")]
        }
    }
}

extension JSONObject {
    /// A parameter that was checked to be a string.
    func text(_ name: String) -> String { self[name]?.string ?? "" }
}

extension ModulePreview {
    var json: JSONValue {
        var object = JSONObject([
            ("waiting", .count(waiting.reduce(0) { $0 + $1.count })),
            ("streams", .object(JSONObject(waiting.map { ("\($0.stream)", .count($0.count)) }))),
            ("tried", .count(tried)),
            ("effects", .object(JSONObject(effects.map { ($0.what, .count($0.count)) }))),
            ("failing", .count(failing)),
        ])
        if !isCounted { object["waiting_at_least"] = true }
        if let oldest { object["oldest"] = .time(oldest) }
        if let reason { object["reason"] = .string(reason) }
        return .object(object)
    }
}

extension ModuleDetails {
    var json: JSONValue {
        var object = status.members
        object["lag"] = .count(streams.reduce(0) { $0 + $1.waiting })
        object["lag_at_least"] = isCounted ? nil : true
        if let oldest { object["oldest"] = .time(oldest) }
        if let lease { object["lease"] = ["owner": .string(lease.owner), "epoch": .count(Int(lease.epoch))] }
        if let after = standing.effectsAfter { object["effects_after"] = .string("\(after)") }
        if let replay = standing.replay { object["replay"] = replay.json }
        if !periodicWork.isEmpty {
            object["periodic_work"] = .array(
                periodicWork.map { ["name": .string($0.name), "every": .seconds($0.interval)] })
        }
        object["checkpoint"] = .object(
            JSONObject(
                streams.map { stream in
                    let position: JSONValue = stream.checkpoint.map { .string("\($0)") } ?? .null
                    return ("\(stream.stream)", ["handled": position, "waiting": .count(stream.waiting)])
                }))
        return .object(object)
    }
}

extension DeliveryStanding.Replay {
    fileprivate var json: JSONValue {
        [
            "from": .string("\(from)"), "until": .string("\(until)"), "effects": .bool(hasEffects),
            "started": .time(unix: started),
        ]
    }
}
