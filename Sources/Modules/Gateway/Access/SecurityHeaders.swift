import HTTPTypes
import Hummingbird
import HummingbirdCore

/// What browsers are told to keep pages of others from doing with ours.
enum SecurityHeaders {
    /// A page loads what the gateway serves, and nothing else.
    private static let ofPages =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    static func add(to response: inout Response, isEncrypted: Bool) {
        // What a browser has kept, it has kept with its own: it would take those of a 304, which has no type, for the
        // page's, and load nothing of it.
        if response.status == .notModified { return }
        let isPage = response.headers[.contentType]?.hasPrefix("text/html") == true
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.resourcePolicy] = "same-origin"
        response.headers[.contentSecurityPolicy] = isPage ? ofPages : "default-src 'none'; frame-ancestors 'none'"
        if isPage {
            response.headers[.referrerPolicy] = "no-referrer"
            response.headers[.openerPolicy] = "same-origin"
            response.headers[.permissionsPolicy] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        }
        if isEncrypted { response.headers[.strictTransportSecurity] = "max-age=31536000" }
    }
}

extension HTTPField.Name {
    private static func named(_ text: String) -> Self { HTTPField.Name(text) ?? .via }
    fileprivate static let resourcePolicy = named("Cross-Origin-Resource-Policy")
    fileprivate static let openerPolicy = named("Cross-Origin-Opener-Policy")
    fileprivate static let referrerPolicy = named("Referrer-Policy")
    fileprivate static let permissionsPolicy = named("Permissions-Policy")
}
