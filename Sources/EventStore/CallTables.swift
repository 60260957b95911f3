/// The streams, topics and entities that a call of `transact.lua` speaks of: each is sent once and goes by its number.
struct CallTables {
    private let keys: Keyspace
    private let catalogue: Catalogue
    private var topics: [(topic: Topic, entities: MessagePackArray)] = []
    private var topicNumbers: [Topic: Int] = [:]
    private var entityNumbers: [[String: Int]] = []
    private var streams = MessagePackArray()
    private var streamNumbers: [StreamKey: Int] = [:]

    init(keys: Keyspace, catalogue: Catalogue) {
        self.keys = keys
        self.catalogue = catalogue
    }

    mutating func number(of topic: Topic) -> Int {
        if let known = topicNumbers[topic] { return known }
        topics.append((topic, MessagePackArray()))
        entityNumbers.append([:])
        topicNumbers[topic] = topics.count
        return topics.count
    }

    /// An entity's number among those of its topic.
    mutating func number(of id: String, in topic: Int) -> Int {
        if let known = entityNumbers[topic - 1][id] { return known }
        topics[topic - 1].entities.append(id)
        let number = topics[topic - 1].entities.count
        entityNumbers[topic - 1][id] = number
        return number
    }

    mutating func number(of stream: StreamKey) -> Int {
        if let known = streamNumbers[stream] { return known }
        streams.append(keys.stream(stream))
        streams.append(number(of: stream.topic))
        streams.append(stream.action.name)
        streams.append(catalogue.inlineOwner(of: stream).map(keys.checkpoint) ?? "")
        let number = streamNumbers.count + 1
        streamNumbers[stream] = number
        return number
    }

    func write(to array: inout MessagePackArray) {
        array.append(topics.count)
        for (topic, entities) in topics {
            array.append(keys.revisions(topic))
            array.append(entities.count)
            array.append(entities)
        }
        array.append(streamNumbers.count)
        array.append(streams)
    }
}
