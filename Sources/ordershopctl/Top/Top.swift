import ArgumentParser
import JSON
import JSONRPC

/// A live view of the whole shop, with keys to act.
struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch the modules live; enable, disable and inspect them.",
        discussion: "Keys: arrows choose, e enables, d disables, i inspects, r tries parked events again, q ends.")

    @OptionGroup var connection: ConnectionOptions

    private enum News: Sendable {
        case key(Key)
        case status(Result<JSONValue, Failure>)
        case events([JSONValue])
    }

    mutating func run() async throws {
        // Without a daemon there is nothing to see; one that goes away later may come back.
        let status = try await connection.call(Self.status)
        let terminal = try Terminal()
        defer { terminal.close() }
        var view = TopView()
        view.update(status)
        await watch(terminal, &view)
    }

    private func watch(_ terminal: Terminal, _ view: inout TopView) async {
        let (news, feed) = AsyncStream.makeStream(of: News.self)
        let isStyled = Screen.standardOutput.isStyled
        let (keys, connection) = (terminal.keys, connection)
        await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                for await key in keys { feed.yield(.key(key)) }
                feed.finish()
            }
            group.addTask { await Self.ask(connection) { feed.yield(.status($0)) } }
            group.addTask { await Self.follow(connection) { feed.yield(.events($0)) } }
            show(view, on: terminal, isStyled)
            var shownAt = ContinuousClock.now
            for await item in news {
                var isUrgent = true
                switch item {
                case .status(.success(let status)): view.update(status)
                case .status(.failure(let failure)): view.say(failure.message)
                case .events(let events):
                    for event in events { view.add(event) }
                    isUrgent = .now - shownAt > .milliseconds(100)
                case .key(let key): if await act(view.press(key), &view) { return }
                }
                // Many events a second are not as many pictures: the last ones come with the next status.
                guard isUrgent else { continue }
                show(view, on: terminal, isStyled)
                shownAt = .now
            }
        }
    }

    private func show(_ view: TopView, on terminal: Terminal, _ isStyled: Bool) {
        let size = terminal.size
        terminal.show(view.lines(columns: size.columns, rows: size.rows, isStyled: isStyled))
    }

    /// Asks each second how things stand.
    private static func ask(
        _ connection: ConnectionOptions, _ tell: @Sendable (Result<JSONValue, Failure>) -> Void
    ) async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            do throws(Failure) { tell(.success(try await connection.call(status))) } catch { tell(.failure(error)) }
        }
    }

    /// The last events, then each as it happens.
    private static func follow(_ connection: ConnectionOptions, _ tell: @Sendable ([JSONValue]) -> Void) async {
        var follower = EventFollower(connection: connection, last: 50)
        repeat {
            // A daemon that is away is seen by its status.
            do throws(Failure) { try await follower.follow(tell) } catch {}
        } while (try? await Task.sleep(for: .milliseconds(500))) != nil
    }

    private static var status: Request { Request("daemon.status", [:]) }

    /// - Returns: whether that was the end.
    private func act(_ action: TopView.Action, _ view: inout TopView) async -> Bool {
        do throws(Failure) {
            switch action {
            case .nothing: break
            case .quit: return true
            case .inspect(let module):
                let found = try await connection.call(Request("module.show", ["name": .string(module)]))
                view.show(details: ModuleReport(found).text(on: Screen()))
            case .call(let request, let done):
                _ = try await connection.call(request)
                view.say(done)
                view.update(try await connection.call(Self.status))
            }
        } catch {
            view.say(error.message)
        }
        return false
    }
}
