import Glibc
import Synchronization

/// The kernel's randomness, taken for many at once: each asking is a system call.
public enum RandomWords {
    public static func take() -> (UInt64, UInt64) { stock.withLock { $0.take() } }

    private static let stock = Mutex(Stock())

    private struct Stock {
        private var words: [UInt64] = []

        mutating func take() -> (UInt64, UInt64) {
            if words.count < 2 { refill() }
            return (words.removeLast(), words.removeLast())
        }

        private mutating func refill() {
            var generator = SystemRandomNumberGenerator()
            words = [UInt64](unsafeUninitializedCapacity: 32) { buffer, count in
                let isFilled = getentropy(buffer.baseAddress, 32 * MemoryLayout<UInt64>.size) == 0
                if !isFilled { for index in 0..<32 { buffer.initializeElement(at: index, to: generator.next()) } }
                count = 32
            }
        }
    }
}
