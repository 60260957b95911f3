import HandlerRuntime
import JSON
import ShopContracts
import Testing

/// What stands in an event is read and written back as it was, in the order of the contract.
@Suite struct `A stored` {
    private func expect<E: Entity>(_ type: E.Type, keeps text: String) throws {
        #expect(try E.stored(text).text == text)
    }

    @Test func `customer comes back as it was`() throws {
        try expect(
            Customer.self, keeps: #"{"id":"\#(uuid(1))","name":"Zoë \"Z\" O'Neill","email":"zoe@example.org"}"#)
    }

    @Test(arguments: ["0", "12.5", "12.50", "1e3", "0.30000000000000004"])
    func `product keeps every digit of its price`(price: String) throws {
        try expect(Product.self, keeps: #"{"id":"\#(uuid(1))","name":"Tea","price":\#(price)}"#)
    }

    @Test func `inventory comes back as it was`() throws {
        try expect(
            Inventory.self,
            keeps: #"{"id":"\#(uuid(1))","product_id":"\#(uuid(2))","amount":9007199254740990,"#
                + #""on_hand":9007199254740991,"reserved":1}"#)
    }

    @Test func `order comes back as it was, with every piece in its place`() throws {
        try expect(
            Order.self,
            keeps: #"{"id":"\#(uuid(1))","product_ids":["\#(uuid(3))","\#(uuid(2))","\#(uuid(3))"],"#
                + #""customer_id":"\#(uuid(4))"}"#)
    }

    @Test func `billing comes back as it was`() throws {
        try expect(Billing.self, keeps: #"{"id":"\#(uuid(1))","order_id":"\#(uuid(2))","done":1548699679.211658}"#)
    }

    @Test func `mail comes back as it was, sent or not`() throws {
        let mail = #"{"id":"\#(uuid(1))","to":"a@b","subject":"s","body":"a\nb""#
        try expect(Mail.self, keeps: mail + "}")
        try expect(Mail.self, keeps: mail + #","sent_at":1548699679.2}"#)
    }

    @Test func `interaction comes back as it was`() throws {
        try expect(
            Interaction.self,
            keeps: #"{"id":"\#(uuid(1))","customer_id":"\#(uuid(2))","kind":"welcome","mail_id":"\#(uuid(3))","#
                + #""cause":"1548699679-211658"}"#)
    }

    @Test func `entity in another order of fields, with more of them, is read all the same`() throws {
        let text = #"{"email":"a@b","more":[1],"name":"Ann","id":"\#(uuid(1))"}"#
        #expect(try Customer.stored(text).text == #"{"id":"\#(uuid(1))","name":"Ann","email":"a@b"}"#)
    }

    @Test(arguments: [
        (#"{"name":"Ann","email":"a@b"}"#, "id"), (#"{"id":"1","email":"a@b"}"#, "name"),
        (#"{"id":"1","name":7,"email":"a@b"}"#, "name"), (#"{"id":"1","name":"Ann","email":null}"#, "email"),
    ])
    func `entity that lacks a field says which`(text: String, field: String) throws {
        do {
            _ = try Customer.stored(text)
            Issue.record("it was read")
        } catch let mismatch as Fields.Mismatch { #expect(mismatch.name == field) }
    }

    @Test func `time is in unix seconds with microseconds`() throws {
        let seconds = UnixTime.now.double
        #expect((1_700_000_000..<5_000_000_000).contains(seconds))
        #expect(UnixTime.now.scaled(toFractionDigits: 6) != nil)
    }
}
