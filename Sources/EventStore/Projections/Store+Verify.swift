extension Store {
    /// Folds all events of topics afresh, from the streams and not from anything that was made of them, and compares
    /// the entity cache, the revisions and the indexes with what comes out, while the shop is being written to.
    ///
    /// Indexes may follow from several topics, so they are compared all together, where one of the topics has any.
    /// - Parameters:
    ///   - isMending: puts each difference right, in the step that finds it: readers see an entity as it was or as it
    ///     must be, never a part of it. What is right is not touched.
    ///   - progress: called between the pages.
    /// - Throws: `cancelled` between two pages. What was mended by then is right; nothing is half done.
    public func verify(
        _ topics: [TopicDefinition], isMending: Bool = false,
        progress: @escaping @Sendable (VerifyProgress) -> Void = { _ in }
    ) async throws(StoreError) -> VerifyReport {
        var report = VerifyReport()
        for topic in topics {
            report.tallies.append(try await verifyEntities(of: topic, isMending: isMending, progress: progress))
        }
        let projected = Set(catalogue.projectedTopics().map(\.topic))
        if topics.contains(where: { projected.contains($0.topic) }) {
            var indexes = try await IndexVerification(in: self, isMending: isMending, progress: progress)
            report.tallies.append(try await indexes.run())
        }
        return report
    }

    func verifyEntities(
        of topic: TopicDefinition, isMending: Bool, progress: @escaping @Sendable (VerifyProgress) -> Void
    ) async throws(StoreError) -> VerifyTally {
        var verification = EntityVerification(topic, in: self, isMending: isMending, progress: progress)
        return try await verification.run()
    }
}
