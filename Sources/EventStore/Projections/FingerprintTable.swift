import NIOCore

/// 128 bits in place of a name: so many names fit into memory, and no two of them are ever the same.
///
/// Good within one process only, as it is seeded at random: nobody can write entities that collide.
struct Fingerprint: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    static let none = Fingerprint(high: 0, low: 0)

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private init(_ hasher: Hasher) {
        var second = hasher
        second.combine(true)
        // Zero is left to mean "no name".
        self.init(
            high: UInt64(bitPattern: Int64(second.finalize())),
            low: UInt64(bitPattern: Int64(hasher.finalize())) | 1)
    }

    init(_ buffer: ByteBuffer) {
        var hasher = Hasher()
        buffer.withUnsafeReadableBytes { hasher.combine(bytes: $0) }
        self.init(hasher)
    }

    init(_ text: String) {
        var text = text
        var hasher = Hasher()
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        self.init(hasher)
    }

    /// Of two names that belong together.
    init(_ first: String, _ second: String) {
        var hasher = Hasher()
        hasher.combine(first)
        hasher.combine(second)
        self.init(hasher)
    }
}

/// A little about each of very many names: 16 bytes a name and the value, with a third of the room kept free.
struct FingerprintTable<Value> {
    private var names: [Fingerprint]
    private var values: [Value]
    private let empty: Value
    private(set) var count = 0

    /// - Parameters:
    ///   - capacity: how many names will come; it grows where there are more.
    ///   - empty: stands where there is nothing.
    init(capacity: Int, empty: Value) {
        self.empty = empty
        let room = capacity + capacity / 3 + 64
        names = Array(repeating: .none, count: room)
        values = Array(repeating: empty, count: room)
    }

    subscript(_ name: Fingerprint) -> Value? {
        get {
            let slot = slot(of: name)
            return names[slot] == .none ? nil : values[slot]
        }
        set {
            guard let newValue else { return }
            if count * 4 >= names.count * 3, names[slot(of: name)] == .none { grow() }
            put(newValue, name)
        }
    }

    var all: some Sequence<Value> { zip(names, values).lazy.filter { $0.0 != .none }.map(\.1) }

    private mutating func put(_ value: Value, _ name: Fingerprint) {
        let slot = slot(of: name)
        if names[slot] == .none {
            names[slot] = name
            count += 1
        }
        values[slot] = value
    }

    /// Where the name stands, or is to stand.
    private func slot(of name: Fingerprint) -> Int {
        var slot = Int(name.low.multipliedFullWidth(by: UInt64(names.count)).high)
        while names[slot] != .none, names[slot] != name { slot = slot + 1 == names.count ? 0 : slot + 1 }
        return slot
    }

    private mutating func grow() {
        var larger = FingerprintTable(capacity: names.count * 3 / 2, empty: empty)
        for (name, value) in zip(names, values) where name != .none { larger.put(value, name) }
        self = larger
    }
}
