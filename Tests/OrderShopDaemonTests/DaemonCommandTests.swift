import ArgumentParser
import Testing

@testable import OrderShopDaemon

struct `The command line` {
    @Test func `has every flag of the table, and --config`() throws {
        let flags = ["--config"] + SettingsOption.table.compactMap(\.flag)
        let command = try DaemonCommand.parse(flags.flatMap { [$0, "value"] })
        #expect(command.flags == Dictionary(uniqueKeysWithValues: flags.map { ($0, "value") }))
    }

    @Test func `wins over the environment`() throws {
        let command = try DaemonCommand.parse(["--shop", "berlin", "--http=[::1]:0"])
        let settings = try command.settings(environment: ["ORDERSHOP_SHOP": "paris", "ORDERSHOP_CURRENCY": "USD"])
        #expect(settings.shop == "berlin")
        #expect(settings.http.listen.description == "[::1]:0")
        #expect(settings.currency == "USD")
    }

    @Test func `says its version`() {
        #expect(DaemonCommand.message(for: ["--version"]) == orderShopVersion)
    }

    @Test func `explains every setting`() {
        let help = DaemonCommand.helpMessage(columns: 100)
        for option in SettingsOption.table {
            #expect(help.contains(option.variable), "\(option.key)")
            #expect(option.flag.map(help.contains) != false, "\(option.key)")
        }
    }

    @Test func `that is wrong ends with 64, and wrong settings end with 78`() async {
        await #expect(processExitsWith: .exitCode(64)) {
            await DaemonCommand.main(["--colour"]) { _, _ in }
        }
        let result = await #expect(
            processExitsWith: .exitCode(DaemonCommand.wrongSettings),
            observing: [\.standardErrorContent]
        ) {
            await DaemonCommand.main(["--shop", "Berlin", "--log-level", "loud"]) { _, _ in }
        }
        let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(said.contains("--shop: \"Berlin\"") && said.contains("--log-level: \"loud\""))
    }

    @Test func `that is right runs the daemon`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            await DaemonCommand.main(["--shop", "berlin"]) { settings, again in
                throw ExitCode(try settings.shop == "berlin" && again().shop == "berlin" ? 7 : 8)
            }
        }
    }
}

extension DaemonCommand {
    fileprivate static func message(for arguments: [String]) -> String {
        do {
            _ = try parse(arguments)
            return ""
        } catch {
            return message(for: error)
        }
    }
}
