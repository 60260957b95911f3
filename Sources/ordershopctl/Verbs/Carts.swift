import ArgumentParser
import JSON

struct Carts: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "cart", abstract: "Carts of the customers.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CartOfCustomer.self, CartQuote.self, PutIntoCart.self,
            ChangeCart.self, RemoveFromCart.self, CheckOut.self, DeleteEntity<Noun>.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "cart"
        static let plural = "carts"
        typealias Fields = NoFields
        typealias Filters = CustomerFilter
    }

    /// Nothing is made or replaced as a whole.
    struct NoFields: EntityFields {
        var members: [(String, JSONValue)] { [] }
    }
}

struct CartOfCustomer: Verb {
    static let configuration = CommandConfiguration(commandName: "of", abstract: "Show a customer's open cart.")

    @Argument(help: "The customer's id.", completion: LiveValues.ids(of: "customer")) var customer: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("cart.of_customer", ["id": .string(customer)]) }
    var presentation: Presentation { .record(whenNull: "The customer has no open cart: \(customer)") }
}

struct CartQuote: Verb {
    static let configuration = CommandConfiguration(
        commandName: "quote", abstract: "Show what a cart costs now, and whether there is enough of everything.")

    @Argument(completion: LiveValues.ids(of: "cart")) var id: String
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("cart.quote", ["id": .string(id)]) }
    var presentation: Presentation { .record(whenNull: "There is no such cart: \(id)") }
}

struct PutIntoCart: ChangingVerb {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Put pieces of a product into a customer's cart, and print its id.")

    @Option(help: ArgumentHelp("Whose cart it is.", valueName: "id")) var customer: String
    @Option(help: ArgumentHelp("The product.", valueName: "id")) var product: String
    @Option(help: "How many.") var pieces: Int64 = 1
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        Request(
            "cart.put",
            [
                "customer_id": .string(customer), "product_id": .string(product),
                "pieces": .number(JSONNumber(pieces)),
            ])
    }
    var presentation: Presentation { .plain }
}

struct ChangeCart: ChangingVerb {
    static let configuration = CommandConfiguration(
        commandName: "change", abstract: "Say how many pieces of a product are in a cart.")

    @Argument(completion: LiveValues.ids(of: "cart")) var id: String
    @Option(help: ArgumentHelp("The product.", valueName: "id")) var product: String
    @Option(help: "How many there are to be.") var pieces: Int64
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        Request(
            "cart.change",
            ["id": .string(id), "product_id": .string(product), "pieces": .number(JSONNumber(pieces))])
    }
    var presentation: Presentation { .done("The cart \(id) has \(pieces) of it.") }
}

struct RemoveFromCart: ChangingVerb {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take a product out of a cart.")

    @Argument(completion: LiveValues.ids(of: "cart")) var id: String
    @Option(help: ArgumentHelp("The product.", valueName: "id")) var product: String
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("cart.remove", ["id": .string(id), "product_id": .string(product)]) }
    var presentation: Presentation { .done("It is no longer in the cart \(id).") }
}

struct CheckOut: ChangingVerb {
    static let configuration = CommandConfiguration(
        commandName: "checkout", abstract: "Make an order of a cart, and print the order's id.")

    @Argument(completion: LiveValues.ids(of: "cart")) var id: String
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("cart.checkout", ["id": .string(id)]) }
    var presentation: Presentation { .plain }
}
