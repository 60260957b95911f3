import HandlerRuntime
import JSON

/// `module.…`: what runs, and switching it.
extension ControlMethod {
    static func modules(_ supervisor: Supervisor, _ status: DaemonStatus) -> [ControlMethod] {
        let module = [Field("name", .line(1...100), "the module's name")]
        return [
            ControlMethod("module.list", "The modules and what each of them does.") { _ in
                await status.modules()
            },
            ControlMethod("module.enable", "Switches a module on; it goes on at its checkpoint.", module) {
                parameters throws(Refusal) in
                try await supervisor.setEnabled(true, module: parameters["name"]?.string ?? "")
                return true
            },
            ControlMethod(
                "module.disable", "Switches a module off; nothing that happens meanwhile is lost.", module
            ) {
                parameters throws(Refusal) in
                try await supervisor.setEnabled(false, module: parameters["name"]?.string ?? "")
                return true
            },
            ControlMethod("module.rebuild", "Writes a module's entity cache anew from the events.", module) {
                parameters throws(Refusal) in
                let count = try await supervisor.rebuildCache(of: parameters["name"]?.string ?? "")
                return ["entities": .number(JSONNumber(Int64(count)))]
            },
        ]
    }
}
