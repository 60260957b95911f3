-- The present state of entities, read from the events themselves, so that it never lags.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     for each entity: unique-key ('' when the name is an id) revisions-key streams-of-the-topic name
-- Returns  for each: {id, revision, action, entity} of its last event, or false where there never was one

local function field(entry, name)
    for i = 1, #entry, 2 do
        if entry[i] == name then return entry[i + 1] end
    end
    return false
end

local function state(revisions, streams, id)
    local revision, action = string.match(redis.call('HGET', revisions, id) or '', '^(%S+) (%S+)$')
    local entry = revision and redis.call('XRANGE', streams .. action, revision, revision)[1]
    return entry and {id, revision, action, field(entry[2], 'entity')}
end

local states = {}
for i = 1, #ARGV, 4 do
    local unique, id = ARGV[i], ARGV[i + 3]
    if unique ~= '' then id = redis.call('HGET', unique, id) end
    states[#states + 1] = id and state(ARGV[i + 1], ARGV[i + 2], id) or false
end
return states
