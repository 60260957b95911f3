/// Is told how far long work with archives has come, in events.
public typealias ArchiveProgress = @Sendable (_ done: Int, _ total: Int) -> Void

/// Counts what is done of a known whole.
struct ProgressCount {
    private let total: Int
    private let tell: ArchiveProgress
    private var done = 0

    init(of total: Int, _ tell: @escaping ArchiveProgress) { (self.total, self.tell) = (total, tell) }

    mutating func add(_ count: Int) {
        done += count
        tell(min(done, total), total)
    }
}
