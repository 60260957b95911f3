/// The version of the daemon, as `ordershopd --version` says it.
public let orderShopVersion = "0.1.0"
