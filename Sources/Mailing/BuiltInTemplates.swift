/// The files of etc/ordershop/templates as they were when this was built.
enum BuiltInTemplates {
    static let files: [String: String] = [
        "welcome.txt": text(PackageResources.welcome_txt),
        "welcome.html": text(PackageResources.welcome_html),
        "goodbye.txt": text(PackageResources.goodbye_txt),
        "goodbye.html": text(PackageResources.goodbye_html),
        "order_thanks.txt": text(PackageResources.order_thanks_txt),
        "order_thanks.html": text(PackageResources.order_thanks_html),
        "order_cancelled.txt": text(PackageResources.order_cancelled_txt),
        "order_cancelled.html": text(PackageResources.order_cancelled_html),
        "back_in_stock.txt": text(PackageResources.back_in_stock_txt),
        "back_in_stock.html": text(PackageResources.back_in_stock_html),
        "sold_out.txt": text(PackageResources.sold_out_txt),
        "sold_out.html": text(PackageResources.sold_out_html),
        "please_pay.txt": text(PackageResources.please_pay_txt),
        "please_pay.html": text(PackageResources.please_pay_html),
        "payment_received.txt": text(PackageResources.payment_received_txt),
        "payment_received.html": text(PackageResources.payment_received_html),
        "order_shipped.txt": text(PackageResources.order_shipped_txt),
        "order_shipped.html": text(PackageResources.order_shipped_html),
        "order_delivered.txt": text(PackageResources.order_delivered_txt),
        "order_delivered.html": text(PackageResources.order_delivered_html),
    ]

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
