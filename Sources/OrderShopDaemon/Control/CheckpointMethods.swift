import EventStore
import HandlerRuntime
import JSON

/// `checkpoint.…` and `lease.…`: how far the modules have come, and who handles their events.
extension ControlMethod {
    static func checkpoints(_ supervisor: Supervisor, _ store: Store) -> [ControlMethod] {
        let module = Field("module", Schema.line(1...100).example("crm"), "the module's name")
        let confirm = Field("confirm", .line(1...100), required: false, "the token of the answer without it")
        return [
            ControlMethod(
                "checkpoint.list", "How far each module has handled each of its streams.",
                [Field("module", Schema.line(1...100).example("crm"), required: false, "only of this module")],
                returns: .objects
            ) { parameters throws(Refusal) in
                try await .array(list(supervisor, store, only: parameters["module"]?.string))
            },
            ControlMethod(
                "checkpoint.set",
                "Puts a disabled module elsewhere: what it passes over is never handled, what it goes back to is "
                    + "handled again, mails included. Asks for confirmation first.",
                [module, Field("to", .moment, "behind which event it goes on"), confirm], role: .admin
            ) { parameters throws(Refusal) in
                let moment = parameters["to"]?.string.flatMap { Moment($0) } ?? Moment(.zero)
                return try await move(parameters, to: moment.event, supervisor, store)
            },
            ControlMethod(
                "checkpoint.reset", "The same, to the beginning.", [module, confirm], role: .admin
            ) { parameters throws(Refusal) in
                try await move(parameters, to: .zero, supervisor, store)
            },
            ControlMethod("lease.list", "Which daemon handles which module's events.", returns: .objects) {
                _ throws(Refusal) in
                try await .array(leases(supervisor, store))
            },
        ]
    }

    private static func list(
        _ supervisor: Supervisor, _ store: Store, only name: String?
    ) async throws(Refusal) -> [JSONValue] {
        if let name { _ = try supervisor.streams(of: name) }
        var rows: [JSONValue] = []
        for module in supervisor.registry.modules where name ?? module.name == module.name {
            let positions: [StreamKey: EventID]
            do { positions = try await store.checkpoint(of: module.name) } catch { throw Refusal(error) }
            for stream in try supervisor.streams(of: module.name) {
                let position = positions[stream]
                rows.append([
                    "module": .string(module.name), "stream": .string("\(stream)"),
                    "handled": position.map { .string("\($0)") } ?? .null,
                    "time": position.map { .time($0) } ?? .null,
                ])
            }
        }
        return rows
    }

    /// The token names what is there now: whoever confirms does so for what he has seen.
    private static func move(
        _ parameters: JSONObject, to position: EventID, _ supervisor: Supervisor, _ store: Store
    ) async throws(Refusal) -> JSONValue {
        let name = parameters.text("module")
        let streams = try supervisor.streams(of: name)
        guard supervisor.isDisabled(name) else {
            throw Refusal(
                .conflict, "the module \(name) is enabled: disable it first, so that it does not move by itself")
        }
        do {
            let before = try await store.checkpoint(of: name)
            let parts = streams.map { "\($0)=\(before[$0] ?? .zero)" }.sorted().joined(separator: " ")
            let token = String(UUIDText.stable(name, "\(position)", parts).prefix(8))
            guard let given = parameters["confirm"]?.string else {
                return ["module": .string(name), "to": .string("\(position)"), "confirm": .string(token)]
            }
            guard given == token else {
                throw Refusal(
                    .conflict, "the checkpoint has moved since, or the token is another's: ask for a new one")
            }
            try await store.setCheckpoint(of: name, streams, to: position)
            return ["module": .string(name), "to": .string("\(position)")]
        } catch let error as StoreError {
            throw Refusal(error)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(.internalError, "\(error)")
        }
    }

    private static func leases(_ supervisor: Supervisor, _ store: Store) async throws(Refusal) -> [JSONValue] {
        let names = supervisor.registry.modules.map(\.name)
        let leases: [(lease: Lease, time: Duration)?]
        do { leases = try await store.leases(of: names) } catch { throw Refusal(error) }
        return zip(names, leases).map { name, held in
            [
                "module": .string(name), "owner": held.map { .string($0.lease.owner) } ?? .null,
                "epoch": held.map { .count(Int($0.lease.epoch)) } ?? .null,
                "holds_for": held.map { .seconds($0.time) } ?? .null,
                "here": .bool(held?.lease.owner == supervisor.name),
            ]
        }
    }
}
