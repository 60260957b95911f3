import Synchronization

/// A setting that may change while the daemon runs. Whoever works by it asks for it each time.
public final class Live<Value: Sendable>: Sendable {
    private let current: Mutex<Value>

    public init(_ value: Value) { current = Mutex(value) }

    public var value: Value {
        get { current.withLock(\.self) }
        set { current.withLock { $0 = newValue } }
    }
}
