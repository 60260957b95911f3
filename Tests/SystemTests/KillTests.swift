import Testing

@Suite(.timeLimit(.minutes(12))) struct `A daemon that is killed` {
    @Test func `200 times under load has lost nothing, done nothing twice, and its cache is a clean rebuild`()
        async throws
    {
        let acknowledged = try await killFourShops(times: 50)
        #expect(acknowledged > 200)
    }
}
