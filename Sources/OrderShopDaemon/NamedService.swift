import ServiceLifecycle

/// A service that goes by the name of its type.
///
/// The group describes each of its services for its log, by reflection where they do not do so themselves: of one that
/// holds the whole shop that is a megabyte of text, and more than half of the time that it takes to start.
struct NamedService: Service, CustomStringConvertible {
    let service: any Service

    var description: String { "\(type(of: service))" }

    func run() async throws { try await service.run() }
}
