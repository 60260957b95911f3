import JSON
import TestKit
import Testing

/// What must be true of a shop that has caught up, whatever happened to it before.
struct Audit {
    let shop: Shop
    let history: History
    /// Where its mails lie.
    private let daemons: [Shop]

    /// Waits until the shop has caught up.
    /// - Parameter others: daemons that worked for the shop before, and delivered mails in their own Maildirs.
    init(_ shop: Shop, after others: [Shop] = []) async throws {
        try await shop.settle()
        self.shop = shop
        history = try await History(of: shop)
        daemons = [shop] + others
    }

    /// - Parameters:
    ///   - ledger: what clients were told.
    ///   - pieces: of each product, what there was before the first order.
    func everything(_ ledger: Ledger, _ goods: [Goods], pieces: Int64) async throws {
        ledger.check(history)
        everyEventIsThereOnce()
        noPieceIsLost(of: goods, pieces: pieces)
        everyMailIsRequestedOnce()
        everyInteractionIsNotedOnce()
        try everyMailIsSentOnce()
        try await nothingIsParked()
        try await listsAreTheReplay()
        try await cacheIsACleanRebuild()
    }

    func everyEventIsThereOnce() {
        #expect(Set(history.events.map(\.eventID)).count == history.events.count)
        #expect(Set(history.events.map(\.id)).count == history.events.count)
    }

    /// - Parameter pieces: of each product, what there was before the first order.
    func noPieceIsLost(of goods: [Goods], pieces: Int64) {
        let (stock, orders) = (history.entities("inventory"), history.entities("order"))
        for goods in goods {
            let left = stock[goods.inventory]?["amount"]?.number?.int64 ?? -1
            let sold = orders.values.flatMap { $0["product_ids"]?.array ?? [] }.count {
                $0.string == goods.product
            }
            #expect(left + Int64(sold) == pieces)
        }
    }

    func listsAreTheReplay() async throws {
        for (topic, path) in [("customer", "customers"), ("inventory", "inventory"), ("order", "orders")] {
            let list = try await shop.get("/\(path)").array ?? []
            let listed = Dictionary(uniqueKeysWithValues: list.map { ($0["id"]?.string ?? "", $0) })
            #expect(listed == history.entities(topic))
        }
        let billed = Set(history.entities("billing").values.compactMap { $0["order_id"]?.string })
        let unbilled = try await shop.get("/orders/unbilled").array?.compactMap { $0["id"]?.string } ?? []
        #expect(unbilled.count == Set(unbilled).count)
        let waiting = history.entities("order").filter { $0.value["status"] != "cancelled" }.keys
        #expect(Set(unbilled) == Set(waiting).subtracting(billed))
    }

    /// Customers are never deleted in these tests, so every reason for a mail makes one.
    func everyMailIsRequestedOnce() {
        var expected: [String: Int] = [:]
        for event in history["customer_created"] + history["billing_created"] + toldByCRM { expected[event.id] = 1 }
        // One to say thanks, one to ask for the money.
        for event in history["order_created"] { expected[event.id] = 2 }
        let requested = history["mail_requested"].reduce(into: [String: Int]()) { counts, mail in
            counts[mail.cause ?? "", default: 0] += 1
        }
        let wrong = Set(expected.keys).union(requested.keys).filter { expected[$0] != requested[$0] }
        #expect(wrong.isEmpty, "\(wrong.count) of \(expected.count) \(explain(wrong.sorted().prefix(3)))")
        let subjects = history["mail_requested"].map { "\($0.cause ?? "") \($0.entity["subject"]?.text ?? "")" }
        #expect(Set(subjects).count == subjects.count)
    }

    /// The ends of orders, each once, and the ways of parcels.
    private var toldByCRM: [HistoryEvent] {
        history["order_deleted"].filter { $0.entity["status"] != "cancelled" } + history["order_cancelled"]
            + history["shipping_shipped"] + history["shipping_delivered"]
    }

    /// The mails that came of each of the events.
    private func explain(_ causes: some Sequence<String>) -> [String] {
        causes.map { cause in
            let mails = history["mail_requested"].filter { $0.cause == cause }
            let said = mails.map { "\($0.id) \($0.entity["subject"]?.string ?? "")" }
            return "\(history.events.first { $0.id == cause }?.stream ?? "nothing") \(cause): \(said)"
        }
    }

    /// What crm has said is in its record: each reason once, in the order in which they came.
    func everyInteractionIsNotedOnce() {
        let streams = ["customer_created", "customer_deleted", "order_created"]
        let reasons = (streams.flatMap { history[$0] } + toldByCRM).sorted { $0.place < $1.place }.map(\.id)
        #expect(history["interaction_created"].compactMap { $0.entity["cause"]?.string } == reasons)
    }

    /// A mail that was written without a word of it is written again, under the same name.
    func everyMailIsSentOnce() throws {
        let requested = history["mail_requested"].map { "\($0.id).\($0.entityID)" }
        #expect(history["mail_sent"].map(\.entityID).sorted() == history["mail_requested"].map(\.entityID).sorted())
        let files = Set(try daemons.flatMap { try $0.mailFiles() })
        #expect(files.count == requested.count)
        #expect(Set(files.map { $0.split(separator: ".").prefix(2).joined(separator: ".") }) == Set(requested))
        for daemon in daemons { #expect(try daemon.unfinishedMailFiles() == []) }
    }

    func nothingIsParked() async throws {
        #expect(try await shop.redis.keys("\(shop.prefix)ordershop:parked:*") == [])
    }

    func cacheIsACleanRebuild() async throws {
        let before = try await CacheDump(of: shop)
        try await shop.rebuildCache()
        let after = try await CacheDump(of: shop)
        #expect(before.difference(after) == [])
        #expect(!before.content.isEmpty)
    }
}
