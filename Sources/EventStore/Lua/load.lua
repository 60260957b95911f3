-- The present state of entities, read from the events themselves, so that it never lags; or from the snapshot, where
-- the last event of an entity has been trimmed.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     for each entity: unique-key ('' when the name is an id) revisions-key streams-of-the-topic name
-- Returns  for each: {id, revision, action, entity, schema or false} of its last event, or false where there never was one

local function field(entry, name)
    for i = 1, #entry, 2 do
        if entry[i] == name then return entry[i + 1] end
    end
    return false
end

-- The birth is the entity's place in its topic's snapshot; '-' where nobody has its first event.
local function trimmed(revisions, id, revision, birth)
    local snapshot = string.gsub(revisions, 'ordershop:revisions:', 'ordershop:snapshot:', 1)
    if birth == '-' then
        local kept = redis.call('HGET', snapshot .. ':unborn', id) or ''
        local at, schema, text = string.match(kept, '^(%S+) [^%s;]+;?(%d*) (.*)$')
        return at == revision and text, schema ~= '' and schema
    end
    local entry = birth ~= '' and redis.call('XRANGE', snapshot, birth, birth)[1]
    if not entry or field(entry[2], 'revision') ~= revision then return false end
    return field(entry[2], 'entity'), field(entry[2], 'schema')
end

local function state(revisions, streams, id)
    local revision, action, birth =
        string.match(redis.call('HGET', revisions, id) or '', '^(%S+) (%S+) ?(%S*)$')
    if not revision then return false end
    local entry = redis.call('XRANGE', streams .. action, revision, revision)[1]
    if entry then return {id, revision, action, field(entry[2], 'entity'), field(entry[2], 'schema')} end
    local entity, schema = trimmed(revisions, id, revision, birth)
    return entity and {id, revision, action, entity, schema or false}
end

local states = {}
for i = 1, #ARGV, 4 do
    local unique, id = ARGV[i], ARGV[i + 3]
    if unique ~= '' then id = redis.call('HGET', unique, id) end
    states[#states + 1] = id and state(ARGV[i + 1], ARGV[i + 2], id) or false
end
return states
