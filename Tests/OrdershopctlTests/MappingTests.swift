import JSON
import Testing

@Suite(.timeLimit(.minutes(2))) struct `A command line becomes a call` {
    @Test(arguments: [
        ("status", "daemon.status {}"),
        ("module list", "module.list {}"),
        ("module enable crm", #"module.enable {"name":"crm"}"#),
        ("module disable crm", #"module.disable {"name":"crm"}"#),
        ("module show crm", #"module.show {"name":"crm"}"#),
        ("module preview crm", #"module.preview {"name":"crm"}"#),
        ("module enable crm --preview", #"module.enable {"name":"crm","preview":true}"#),
        ("module enable crm --from now --yes", #"module.enable {"name":"crm","from":"now"}"#),
        (
            "module enable crm --skip-effects-before 2026-01-30T00:00:00Z -y",
            #"module.enable {"name":"crm","skip_effects_before":"2026-01-30T00:00:00Z"}"#
        ),
        ("module disable crm --within 1", #"module.disable {"name":"crm","within":1}"#),
        ("module restart crm", #"module.restart {"name":"crm"}"#),
        ("module replay crm --from 1-2", #"module.replay {"name":"crm","from":"1-2","effects":"none"}"#),
        (
            "module replay crm --from beginning --effects all --yes",
            #"module.replay {"name":"crm","from":"beginning","effects":"all"}"#
        ),
        ("module rebuild crm", #"module.rebuild {"name":"crm"}"#),
        ("parked list crm", #"parked.list {"module":"crm","limit":100}"#),
        (
            "parked list crm --entity customer:C --after 1-2 --limit 5",
            #"parked.list {"module":"crm","limit":5,"entity":"customer:C","after":"1-2"}"#
        ),
        ("parked show crm 1-2", #"parked.show {"module":"crm","event":"1-2"}"#),
        ("parked retry crm --all", #"parked.retry {"module":"crm","all":true}"#),
        ("parked retry crm --event 1-2", #"parked.retry {"module":"crm","event":"1-2"}"#),
        ("parked discard crm --entity customer:C --yes", #"parked.discard {"module":"crm","entity":"customer:C"}"#),
        ("customer erase C --yes", #"customer.erase {"id":"C"}"#),
        ("order cancel O", #"order.cancel {"id":"O"}"#), ("order number 17", #"order.by_number {"number":17}"#),
        ("order balance O", #"order.balance {"id":"O"}"#), ("order unshipped", #"order.unshipped {"limit":500}"#),
        ("order delivered", #"order.delivered {"limit":500}"#), ("order report", "order.report {}"),
        (
            "billing create --order O --amount 15.80",
            #"billing.create {"order_id":"O","amount":15.80}"#
        ), ("billing refund B", #"billing.refund {"id":"B"}"#),
        (
            "billing refund B --amount 0.10 --reason broken",
            #"billing.refund {"id":"B","amount":0.10,"reason":"broken"}"#
        ), ("billing refunds B", #"billing.refunds {"id":"B","limit":500}"#),
        ("shipping create --order O", #"shipping.create {"order_id":"O"}"#),
        ("shipping ship S --tracking T", #"shipping.ship {"id":"S","tracking_code":"T"}"#),
        ("shipping deliver S", #"shipping.deliver {"id":"S"}"#),
        ("shipping track S T", #"shipping.track {"id":"S","tracking_code":"T"}"#),
        ("customer export C", #"customer.export {"id":"C"}"#), ("customer list", #"customer.list {"limit":500}"#),
        ("customer get C", #"customer.get {"id":"C"}"#),
        ("customer create --name Ann --email a@b", #"customer.create {"name":"Ann","email":"a@b"}"#),
        ("customer create --email a@b --name Ann", #"customer.create {"name":"Ann","email":"a@b"}"#),
        ("customer update C --name Ann --email a@b", #"customer.update {"id":"C","name":"Ann","email":"a@b"}"#),
        ("event list", #"event.list {"limit":20,"last":true}"#),
        (
            "event list --topic order --after beginning --limit 5",
            #"event.list {"topic":"order","limit":5,"after":"beginning"}"#
        ),
        ("event history customer:C", #"entity.history {"entity":"customer:C","limit":100}"#),
        (
            "event history customer:C --limit 3 --cursor 1-2.updated",
            #"entity.history {"entity":"customer:C","limit":3,"cursor":"1-2.updated"}"#
        ), ("event diff customer:C --from 1-2", #"entity.diff {"entity":"customer:C","from":"1-2"}"#),
        ("event list --correlation X", #"event.list {"correlation":"X","limit":20,"last":true}"#),
        ("event state customer:C --at 1-2", #"entity.state {"entity":"customer:C","at":"1-2"}"#),
        ("checkpoint list crm", #"checkpoint.list {"module":"crm"}"#), ("checkpoint leases", "lease.list {}"),
        ("job list", "job.list {}"), ("job show 3", #"job.show {"job":3}"#),
        ("job cancel 3", #"job.cancel {"job":3}"#),
        ("daemon config", "config.show {}"), ("daemon log-level", "log.level {}"),
        ("daemon log-level debug", #"log.set {"level":"debug"}"#), ("daemon metrics", "metrics.show {}"),
        ("daemon shutdown --yes", "daemon.shutdown {}"), ("daemon methods", "rpc.methods {}"),
        ("daemon discover", "rpc.discover {}"),
        ("customer delete C", #"customer.delete {"id":"C"}"#),
        ("product create --name Tea --price 12.50", #"product.create {"name":"Tea","price":12.50}"#),
        (
            "product create --name Tea --price 0.10000000000000000000001",
            #"product.create {"name":"Tea","price":0.10000000000000000000001}"#
        ),
        ("product update P --name Tea --price 3", #"product.update {"id":"P","name":"Tea","price":3}"#),
        ("product list", #"product.list {"limit":500}"#),
        ("inventory create --product P --amount 7", #"inventory.create {"product_id":"P","amount":7}"#),
        ("inventory update I --product P --amount 7", #"inventory.update {"id":"I","product_id":"P","amount":7}"#),
        ("inventory increment I", #"inventory.increment {"id":"I","amount":1}"#),
        (
            "inventory increment I --cause return --note late",
            #"inventory.increment {"id":"I","amount":1,"cause":"return","note":"late"}"#
        ),
        ("inventory count I --on-hand 4", #"inventory.count {"id":"I","on_hand":4}"#),
        ("inventory count I --on-hand 4 --note x", #"inventory.count {"id":"I","on_hand":4,"note":"x"}"#),
        ("inventory movements I --limit 2", #"inventory.movements {"id":"I","limit":2}"#),
        (
            "inventory movements I --cursor 1-1.updated",
            #"inventory.movements {"id":"I","limit":50,"cursor":"1-1.updated"}"#
        ),
        ("inventory low", #"inventory.low {"limit":500}"#),
        ("inventory level I --at 3", #"inventory.level {"id":"I","low_stock_at":3}"#),
        ("inventory level I", #"inventory.level {"id":"I","low_stock_at":null}"#),
        ("cart list", #"cart.list {"limit":500}"#), ("cart get K", #"cart.get {"id":"K"}"#),
        ("cart of C", #"cart.of_customer {"id":"C"}"#), ("cart quote K", #"cart.quote {"id":"K"}"#),
        (
            "cart put --customer C --product P --pieces 2",
            #"cart.put {"customer_id":"C","product_id":"P","pieces":2}"#
        ),
        ("cart change K --product P --pieces 0", #"cart.change {"id":"K","product_id":"P","pieces":0}"#),
        ("cart remove K --product P", #"cart.remove {"id":"K","product_id":"P"}"#),
        ("cart checkout K", #"cart.checkout {"id":"K"}"#), ("cart delete K", #"cart.delete {"id":"K"}"#),
        ("inventory increment I --by 3", #"inventory.increment {"id":"I","amount":3}"#),
        ("inventory decrement --by 3 I", #"inventory.decrement {"id":"I","amount":3}"#),
        (
            "inventory reserve --order O --product P*2 --product Q",
            #"inventory.reserve {"order_id":"O","product_ids":["P","P","Q"]}"#
        ),
        ("inventory release --order O --product P", #"inventory.release {"order_id":"O","product_ids":["P"]}"#),
        ("order create --customer C --product P", #"order.create {"product_ids":["P"],"customer_id":"C"}"#),
        (
            "order create --product P*3 --customer C --product Q --product P",
            #"order.create {"product_ids":["P","P","P","Q","P"],"customer_id":"C"}"#
        ),
        (
            "order update O --customer C --product P",
            #"order.update {"id":"O","product_ids":["P"],"customer_id":"C"}"#
        ),
        ("order unbilled", #"order.unbilled {"limit":500}"#),
        ("billing create --order O", #"billing.create {"order_id":"O"}"#),
        ("billing update B --order O --done 1.5", #"billing.update {"id":"B","order_id":"O","done":1.5}"#),
        ("billing delete B", #"billing.delete {"id":"B"}"#),
        ("crm interactions C", #"crm.interactions {"customer_id":"C","limit":500}"#),
        ("mail list", #"mail.list {"limit":500}"#),
        ("product list --limit 7 --sort=-price", #"product.list {"sort":"-price","limit":7}"#),
        (
            "order list --customer C --status billed --number 3 --cursor X",
            #"order.list {"customer_id":"C","status":"billed","number":3,"limit":500,"cursor":"X"}"#
        ),
        ("customer list --email a@b --all", #"customer.list {"email":"a@b","limit":500}"#),
        ("inventory list --product P", #"inventory.list {"product_id":"P","limit":500}"#),
        ("billing list --order O", #"billing.list {"order_id":"O","limit":500}"#),
        ("customer delete C --idempotency-key K", #"customer.delete {"id":"C","idempotency_key":"K"}"#),
        ("customer erase C --yes --idempotency-key K", #"customer.erase {"id":"C","idempotency_key":"K"}"#),
        (
            "inventory increment I --idempotency-key K",
            #"inventory.increment {"id":"I","amount":1,"idempotency_key":"K"}"#
        ),
        ("mail send --to a@b --subject Hi --body Text", #"mail.send {"to":"a@b","subject":"Hi","body":"Text"}"#),
        ("call any.thing", "any.thing"),
        (#"call any.thing {"a":[1.50,null]}"#, #"any.thing {"a":[1.50,null]}"#),
        ("call any.thing [1]", "any.thing [1]"),
    ])
    func `with parameters by name`(line: String, call: String) async throws {
        let (ctl, asked) = try await FakeDaemon.run(line.split(separator: " ").map(String.init))
        #expect(asked == [call])
        #expect(ctl.status == 0)
        #expect(ctl.errors == "")
    }

    @Test(arguments: [
        ["--socket", "PATH", "--json", "--timeout", "5", "customer", "delete", "C"],
        ["customer", "--json", "--socket", "PATH", "delete", "--timeout", "5", "C"],
        ["customer", "delete", "C", "--timeout=5", "--json", "--socket=PATH"],
        ["customer", "delete", "--json", "C", "--socket", "PATH"],
    ])
    func `with the common options anywhere`(arguments: [String]) async throws {
        let daemon = FakeDaemon { _ in true }
        let ctl = try await daemon.serve { path in
            try await Ctl.run(arguments.map { $0.replacing("PATH", with: path) })
        }
        #expect(ctl == Ctl(status: 0, output: "true\n", errors: ""))
        #expect(daemon.asked == [#"customer.delete {"id":"C"}"#])
    }

    @Test func `with parameters from the standard input`() async throws {
        let (ctl, asked) = try await FakeDaemon.run("call", "a.b", "-", input: "{\"x\":\n [1]}\n")
        #expect(asked == [#"a.b {"x":[1]}"#])
        #expect(ctl.output == "true\n")
    }

    @Test func `with texts as they are`() async throws {
        let name = #"Zoë "Z" \ 日本 --x"#
        let (_, asked) = try await FakeDaemon.run("customer", "create", "--name", name, "--email", "")
        #expect(
            asked == [
                "customer.create " + JSONValue.object(JSONObject([("name", .string(name)), ("email", "")])).text
            ])
    }
}
