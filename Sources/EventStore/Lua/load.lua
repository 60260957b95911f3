-- The present state of entities, read from the events themselves, so that it never lags.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     for each entity: unique-key ('' when the name is an id) revisions-key streams-of-the-topic name
-- Returns  for each: {id or false, revision or false, entity or false}; a deleted entity has a revision only

local function field(entry, name)
    for i = 1, #entry, 2 do
        if entry[i] == name then return entry[i + 1] end
    end
    return false
end

local function state(revisions, streams, id)
    local revision, action = string.match(redis.call('HGET', revisions, id) or '', '^(%S+) (%S+)$')
    if not revision then return {id, false, false} end
    if action == 'deleted' then return {id, revision, false} end
    local entry = redis.call('XRANGE', streams .. action, revision, revision)[1]
    return {id, revision, entry and field(entry[2], 'entity')}
end

local states = {}
for i = 1, #ARGV, 4 do
    local unique, id = ARGV[i], ARGV[i + 3]
    if unique ~= '' then id = redis.call('HGET', unique, id) end
    states[#states + 1] = id and state(ARGV[i + 1], ARGV[i + 2], id) or {false, false, false}
end
return states
