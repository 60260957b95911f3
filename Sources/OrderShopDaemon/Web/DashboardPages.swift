import Dashboard
import GatewayService

/// The dashboard's files as pages of the gateway.
enum DashboardPages {
    static let all: [GatewayPage] = Dashboard.assets.map { asset in
        let answer = GatewayPage.Answer(contentType: asset.contentType, body: asset.bytes, tag: asset.tag)
        return GatewayPage(asset.path, isOpen: true) { _ in answer }
    }
}
