import ArgumentParser
import Glibc

/// The table of contents: nouns, each with its verbs in a file of its own.
struct OrdershopCtl: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "ordershopctl",
        abstract: "Looks after an OrderShop daemon and its shop.",
        discussion: """
            Examples:
              ordershopctl status
              ordershopctl module enable crm --preview
              ordershopctl order create --customer ID --product 'ID*2'
              ordershopctl event tail --topic order
              ordershopctl import customer customers.csv

            Exit codes: 0 done, 1 refused (the reason is on stderr), 2 wrong usage, 3 the daemon cannot be reached.
            """,
        version: "0.1.0",
        subcommands: [
            Status.self, Top.self, Modules.self, Parked.self, Customers.self, Products.self, Inventories.self,
            Carts.self,
            Orders.self,
            Billings.self, Shippings.self, CRM.self, Mail.self, Webhooks.self, Events.self, Trace.self,
            Projections.self, Checkpoints.self,
            Jobs.self, Retention.self, Archives.self, Import.self, Export.self, DaemonVerbs.self, Tokens.self,
            Call.self,
        ])

    @OptionGroup var connection: ConnectionOptions
}

/// A noun: it does nothing without a verb, and to leave the verb out is wrong usage.
protocol VerbGroup: AsyncParsableCommand {}

extension VerbGroup {
    mutating func run() async throws {
        let name = Self.configuration.commandName ?? ""
        throw Failure(.usage, "\(name): a command is missing.\n" + OrdershopCtl.helpMessage(for: Self.self))
    }
}

@main
enum Main {
    static func main() async {
        let status = await run(Array(CommandLine.arguments.dropFirst()))
        exit(status.rawValue)
    }

    private static func run(_ arguments: [String]) async -> ExitStatus {
        do {
            var command = try await OrdershopCtl.asyncParseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return .done
        } catch let failure as Failure {
            Output.complain(failure.message)
            return failure.status
        } catch {
            return explain(error, arguments)
        }
    }

    /// Requests for help come as errors too.
    private static func explain(_ error: any Error, _ arguments: [String]) -> ExitStatus {
        var message = OrdershopCtl.fullMessage(for: error)
        guard OrdershopCtl.exitCode(for: error).isSuccess else {
            Output.complain(message)
            return .usage
        }
        if message.hasPrefix("OVERVIEW:"), let examples = Examples.text(for: Examples.path(in: arguments)) {
            message += "\n" + examples
        }
        return (try? Output.write(message + "\n")) == nil ? .refused : .done
    }
}
