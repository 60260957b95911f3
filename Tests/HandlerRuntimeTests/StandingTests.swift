import EventStore
import HandlerRuntime
import JSON
import Synchronization
import TestKit
import Testing

@Suite struct `Standing work` {
    /// Counts its beginnings, its rings and its ends.
    private struct Sentry: HandlerModule {
        let name = "sentry"
        let summary = "Stands"
        var isOffAtFirst = false
        let watch = Watch()

        var standingWork: [StandingWork] {
            [
                StandingWork("watch") { run in
                    watch.note { $0.begun += 1 }
                    run.rest(watch.state.isResting)
                    for await _ in run.rings {
                        watch.note { $0.rings += 1 }
                        if watch.state.isFailing { throw Refusal(.internalError, "it does not work") }
                    }
                    watch.note { $0.ended += 1 }
                }
            ]
        }
    }

    private final class Watch: Sendable {
        struct State {
            var begun = 0
            var rings = 0
            var ended = 0
            var isFailing = false
            var isResting = false
        }

        private let kept = Mutex(State())
        var state: State { kept.withLock(\.self) }
        func note(_ change: @Sendable (inout State) -> Void) { kept.withLock { change(&$0) } }
    }

    @Test func `begins when its module is enabled, hears of events, and has ended when it is disabled`()
        async throws
    {
        let sentry = Sentry()
        try await Shop.run([CounterModule(), sentry]) { shop in
            try await eventually("it has begun") { sentry.watch.state.rings > 0 }
            let before = sentry.watch.state.rings
            try await shop.call("counter.create", ["value": 1])
            try await eventually("it hears of it", within: .milliseconds(900)) { sentry.watch.state.rings > before }
            try await shop.supervisor.setEnabled(false, module: "sentry")
            #expect(sentry.watch.state.begun == 1 && sentry.watch.state.ended == 1)
            try await shop.supervisor.setEnabled(true, module: "sentry")
            try await eventually("it begins again") { sentry.watch.state.begun == 2 }
        }
        #expect(sentry.watch.state.ended == 2)
    }

    @Test func `is rung for by events alone while it rests`() async throws {
        let sentry = Sentry()
        sentry.watch.note { $0.isResting = true }
        try await Shop.run([CounterModule(), sentry]) { shop in
            try await eventually("it has begun") { sentry.watch.state.begun > 0 }
            // What the start rings for, and a second that was begun before.
            try await Task.sleep(for: .milliseconds(1_500))
            let before = sentry.watch.state.rings
            try await Task.sleep(for: .milliseconds(2_500))
            #expect(sentry.watch.state.rings == before)
            try await shop.call("counter.create", ["value": 1])
            try await eventually("it hears of it", within: .milliseconds(900)) { sentry.watch.state.rings > before }
        }
    }

    @Test func `is begun anew where it fails`() async throws {
        let sentry = Sentry()
        sentry.watch.note { $0.isFailing = true }
        try await Shop.run([CounterModule(), sentry]) { _ in
            try await eventually("it is tried again and again") { sentry.watch.state.begun > 2 }
            sentry.watch.note { $0.isFailing = false }
            try await eventually("it goes on") { sentry.watch.state.rings > sentry.watch.state.begun }
        }
    }

    @Test func `is done by one daemon, and by another when that one has ended`() async throws {
        let (first, second) = (Sentry(), Sentry())
        try await Shop.run([CounterModule(), first]) { shop in
            try await eventually("the first has begun") { first.watch.state.begun == 1 }
            try await Shop.run([CounterModule(), second], on: shop.server) { _ in
                try await Task.sleep(for: .milliseconds(100))
                #expect(second.watch.state.begun == 0)
                await shop.stop()
                try await eventually("the other has begun") { second.watch.state.begun == 1 }
                #expect(first.watch.state.ended == 1)
            }
        }
    }

    @Test func `of a module that is off at first begins when somebody enables it, for good`() async throws {
        let (sentry, later) = (Sentry(isOffAtFirst: true), Sentry(isOffAtFirst: true))
        try await Shop.run([CounterModule(), sentry]) { shop in
            #expect(await shop.state(of: "sentry") == .disabled)
            try await shop.supervisor.setEnabled(true, module: "sentry")
            try await eventually("it has begun") { sentry.watch.state.begun == 1 }
            await shop.stop()
            try await Shop.run([CounterModule(), later], on: shop.server) { _ in
                try await eventually("it begins by itself") { later.watch.state.begun == 1 }
            }
        }
    }
}
