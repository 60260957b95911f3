import Logging

/// The keys of the metadata that this target logs. Never a password: addresses are logged without it.
enum LogKey {
    static let address = "redis.address"
    static let reason = "redis.reason"
    static let attempt = "redis.attempt"
    static let pause = "redis.pause"
}
