/// The ids by which an administrator finds the events that matter: `journalctl MESSAGE_ID=…`. They never change, whatever
/// the messages become. `systemd/ordershopd.catalog` explains each.
enum MessageID {
    /// By the message, which is constant for each event.
    static let table = [
        "OrderShop is ready": "da381ad4587a4a7faf29b85bce01b57e",
        "stopping": "a22ac23c955c4d87bfe502cf24fbd330",
        "stopped": "7f376683f07547c9a7560e5961e64f95",
        "module enabled": "d76256309dc14be4bc180bd65d34b825",
        "module disabled": "aa561436070f419bbd6ec65ef10160ef",
        "a module does not start": "037a383df05c47debf33bcf12f4858a8",
        "a module was sent back": "ade82c4d93314e0480f192f764b6d61b",
        "an event is parked": "256eab694fd149de9f293b7ef2b8be89",
        "waiting for Redis": "afd5aa2cf2894f2c9ae2da8613ceda18",
        "Redis needs a look": "703e0d1f94e942468ae090ed5afab4a5",
        "Redis is not what redis.require asks for": "454c2a19e5ba48c09ec1bc220121365b",
        "Redis came back without events that it had acknowledged: they are lost":
            "761648d13b56469fbb390864edbe2d7f",
        "Embedded Redis ended and is started again": "7f71d9c13d624a3994ffd64da8f28eb8",
        "something has stalled, systemd will restart the daemon": "ac72711166c44399ba2145be1fe84ede",
        "settings read again": "1b3d6d8d72c64bcd8b7ebbdcbdb1b69a",
        "the settings cannot be used, the old ones stay": "9fdaa900749e40638330090233936402",
        "some settings changed that take a restart to hold": "22a7e883c07d4d339c8addb2a2b0cbe2",
        "a request failed": "13ecdb7ab53a4f97a104959e48593e91",
    ]

    static func of(_ message: String) -> String? { table[message] }
}
