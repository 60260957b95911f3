import Redis
import TestKit

extension Certificates {
    var client: RedisConfiguration.TLS {
        RedisConfiguration.TLS(caFile: ca, certificateFile: server, privateKeyFile: key)
    }
}
