import ArgumentParser
import JSON

struct Shippings: VerbGroup {
    static let configuration = CommandConfiguration(
        commandName: "shipping", abstract: "The parcels of the orders.",
        subcommands: [
            ListEntities<Noun>.self, GetEntity<Noun>.self, CreateEntity<Noun>.self, DeleteEntity<Noun>.self,
            Ship.self, Deliver.self, Track.self,
        ])

    @OptionGroup var connection: ConnectionOptions

    enum Noun: EntityNoun {
        static let name = "shipping"
        static let plural = "shippings"
        typealias Fields = ShippingFields
        typealias Filters = OrderFilter
    }
}

struct ShippingFields: EntityFields {
    @Option(help: ArgumentHelp("The order that is shipped.", valueName: "id")) var order: String
    @Option(help: ArgumentHelp("By which the carrier knows the parcel.", valueName: "code")) var tracking: String?

    var members: [(String, JSONValue)] {
        [("order_id", .string(order))] + (tracking.map { [("tracking_code", .string($0))] } ?? [])
    }
}

struct Ship: ChangingVerb {
    static let configuration = CommandConfiguration(
        abstract: "A parcel leaves the house, and its order is shipped.")

    @Argument(completion: LiveValues.ids(of: "shipping")) var id: String
    @Option(help: ArgumentHelp("By which the carrier knows the parcel.", valueName: "code")) var tracking: String?
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request {
        let code = tracking.map { [("tracking_code", JSONValue.string($0))] } ?? []
        return Request("shipping.ship", .object(JSONObject([("id", .string(id))] + code)))
    }
    var presentation: Presentation { .done("The parcel \(id) is on its way.") }
}

struct Deliver: ChangingVerb {
    static let configuration = CommandConfiguration(abstract: "A parcel has arrived, and its order is delivered.")

    @Argument(completion: LiveValues.ids(of: "shipping")) var id: String
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("shipping.deliver", ["id": .string(id)]) }
    var presentation: Presentation { .done("The parcel \(id) has arrived.") }
}

struct Track: ChangingVerb {
    static let configuration = CommandConfiguration(abstract: "Note by which code the carrier knows a parcel.")

    @Argument(completion: LiveValues.ids(of: "shipping")) var id: String
    @Argument(help: "The carrier's code.") var code: String
    @OptionGroup var naming: Naming
    @OptionGroup var connection: ConnectionOptions

    var request: Request { Request("shipping.track", ["id": .string(id), "tracking_code": .string(code)]) }
    var presentation: Presentation { .done("The parcel \(id) is known as \(code).") }
}
