@main struct Ctl { static func main() async {} }
