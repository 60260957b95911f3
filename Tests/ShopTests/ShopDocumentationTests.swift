import Foundation
import ShopContracts
import Testing

@testable import OrderService

@Suite struct `The guide to the shop` {
    /// Each action's row in docs/shop.md: from which states, to which.
    @Test(arguments: OrderAction.allCases)
    func `has the table of an order's life as it is in the code`(action: OrderAction) throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = here.deletingLastPathComponent().deletingLastPathComponent()
        let guide = try String(contentsOf: root.appending(path: "docs/shop.md"), encoding: .utf8)
        let transition = OrderLife.transition(action)
        let from = transition.from.map(\.rawValue).joined(separator: ", ")
        let to = transition.to.map { " \($0.rawValue) " } ?? " "
        #expect(guide.contains("| \(action) | \(from) |\(to)| "), "\(action)")
    }
}
