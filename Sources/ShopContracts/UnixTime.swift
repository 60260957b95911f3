import Glibc
public import JSON

/// The wall clock, as the shop writes times: unix seconds with microseconds behind the point.
public enum UnixTime {
    public static var now: JSONNumber {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        return JSONNumber(unscaled: microseconds, fractionDigits: 6)
    }
}
