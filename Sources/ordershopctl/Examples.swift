import ArgumentParser

/// What stands at the end of every command's help: lines that can be taken as they are, but for ids and names.
enum Examples {
    /// At least one for each command. A noun's help shows the first of each of its verbs.
    private static let lines = [
        "status", "status --json", "top",
        "module list", "module show crm", "module watch", "module enable crm --preview", "module enable crm",
        "module enable crm --from now", "module preview crm", "module disable crm", "module restart mail",
        "module replay crm --from 2026-01-31T12:00:00Z --wait", "module rebuild customer",
        "parked list crm", "parked show crm 1548699679-211658", "parked retry crm --all",
        "parked retry crm --entity customer:ID", "parked discard crm --event 1548699679-211658",
        "customer list --email ada@example.org", "customer list --limit 20 --sort=-created_at", "customer get ID",
        "customer create --name 'Ada Lovelace' --email ada@example.org",
        "customer update ID --name 'Ada King' --email ada@example.org", "customer delete ID", "customer export ID",
        "customer erase ID",
        "product list --sort name", "product list --all --sort=-price", "product get ID",
        "product create --name Tea --price 12.50",
        "product update ID --name Tea --price 13.00", "product delete ID",
        "inventory list --sort amount", "inventory list --product ID", "inventory get ID",
        "inventory create --product ID --amount 100",
        "inventory update ID --product ID --amount 90", "inventory delete ID", "inventory increment ID --by 20",
        "inventory decrement ID --by 2 --cause loss --note mice", "inventory count ID --on-hand 42",
        "inventory movements ID --limit 20", "inventory low", "inventory level ID --at 10",
        "inventory reserve --order ID --product 'ID*2'",
        "inventory release --order ID --product 'ID*2'",
        "order list", "order list --customer ID --status billed", "order list --number 17", "order get ID",
        "order create --customer ID --product 'ID*2' --product ID",
        "order create --customer ID --product ID --idempotency-key 3b241101-e2bb-4255-8caf-4136c566a962",
        "order update ID --customer ID --product ID", "order delete ID", "order unbilled",
        "order cancel ID", "order number 17", "order balance ID", "order unshipped", "order delivered",
        "order report",
        "cart list --customer ID", "cart get ID", "cart of CUSTOMER", "cart quote ID",
        "cart put --customer ID --product ID --pieces 2", "cart change ID --product ID --pieces 3",
        "cart remove ID --product ID", "cart checkout ID", "cart delete ID",
        "billing list --order ID", "billing get ID", "billing create --order ID", "billing update ID --order ID",
        "billing create --order ID --amount 21.80", "billing delete ID",
        "billing refund ID", "billing refund ID --amount 5.50 --reason 'a cup was broken'", "billing refunds ID",
        "shipping list", "shipping get ID", "shipping create --order ID", "shipping delete ID",
        "shipping ship ID --tracking JJD-0001", "shipping deliver ID", "shipping track ID JJD-0001",
        "crm interactions ID",
        "mail list --customer ID --sort=-created_at",
        "mail send --to ada@example.org --subject Hello --body 'How are you?'",
        "webhook list", "webhook get ID", "webhook create https://shop.example.org/hook --event 'order.*'",
        "webhook update ID https://shop.example.org/hook --event order.created --event order.billed",
        "webhook enable ID", "webhook enable ID --skip", "webhook disable ID", "webhook rotate ID",
        "webhook test ID",
        "webhook status ID", "webhook deliveries ID --status failed", "webhook redeliver ID 1795362487-828702",
        "webhook delete ID",
        "event list --topic order", "event list --after 2026-01-31T12:00:00Z --limit 100",
        "event tail --topic order --action created", "event history order:ID",
        "event state customer:ID --at 2026-01-31T12:00:00Z", "event diff order:ID --from 2026-01-31T12:00:00Z",
        "trace 17", "trace order:ID", "trace 1548699679-211658", "trace ID --json",
        "projection verify", "projection verify --topic order --repair", "projection rebuild order",
        "checkpoint list crm", "checkpoint set crm --to 2026-01-31T12:00:00Z", "checkpoint reset crm",
        "checkpoint leases",
        "job list", "job show 7", "job watch 7", "job cancel 7",
        "retention show", "retention apply --before 2026-01-31T00:00:00Z --dry-run",
        "retention apply --before 2026-01-31T00:00:00Z",
        "archive list", "archive verify FILE", "archive show FILE --limit 10", "archive restore FILE",
        "import customer customers.csv", "import product - --format ndjson --skip-bad", "export order",
        "export customer --format csv",
        "daemon health", "daemon config", "daemon log --follow --level warning", "daemon log-level debug",
        "daemon metrics", "daemon shutdown", "daemon methods", "daemon discover",
        "token create --role operator --name ada",
        "call daemon.status", #"call customer.get '{"id":"ID"}'"#,
    ]

    /// - Parameter path: the words of a command behind the program's name; of a noun, one word.
    static func text(for path: [String]) -> String? {
        let mine = lines.filter { $0.split(separator: " ").starts(with: path) { $0 == $1 } }
        guard !path.isEmpty, !mine.isEmpty else { return nil }
        let isNoun = Set(mine.map { verb(of: $0, behind: path) }).count > 1 && path.count == 1
        var seen: Set<Substring> = []
        let shown = isNoun ? mine.filter { seen.insert(verb(of: $0, behind: path)).inserted } : mine
        return "EXAMPLES:\n" + shown.map { "  ordershopctl \($0)" }.joined(separator: "\n")
    }

    private static func verb(of line: String, behind path: [String]) -> Substring {
        line.split(separator: " ").dropFirst(path.count).first ?? ""
    }

    /// The words among the arguments that name a command.
    static func path(in arguments: [String]) -> [String] {
        var command: any ParsableCommand.Type = OrdershopCtl.self
        var path: [String] = []
        for argument in arguments {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == argument }) else {
                continue
            }
            path.append(argument)
            command = next
        }
        return path
    }
}
