import OrderShopDaemon
@main struct Main { static func main() async {} }
