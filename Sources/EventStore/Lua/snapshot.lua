-- Writes a part of a topic's next snapshot, beside the one that is in use. An entity stands in it at the id of its
-- first event, so that the order of lists is kept, and its revision gets that id as a third word: 'ID ACTION BIRTH'.
-- An entity whose first event nobody has stands in a hash as 'ID ACTION TEXT', with '-' for a birth. What an event says
-- of its form is kept: as a field 'schema' behind the entity, or as 'ACTION;SCHEMA'.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     lock-key, token, time to live in milliseconds, revisions-key streams-of-the-topic
--          snapshot next unborn next-unborn cut, then one of
--            'live' position count     takes over what is in the snapshot in use
--            'births' (id birth)…      takes in entities that are new since
--            'rest' cursor count       makes sure that no entity whose last event will be trimmed is missing
-- Returns  'live': the last birth, or '' at the end; 'births': how many; 'rest': {cursor, how many have no birth,
--          how many have no event that could be kept}

local lock, token, time, revisions, streams = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local live, following, unborn, following_unborn, cut = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]

if redis.call('GET', lock) ~= token then
    return redis.error_reply('LOST the work stood still for too long, and its lock is gone: begin again')
end
redis.call('PEXPIRE', lock, time)

local function field(entry, name)
    for i = 1, #entry, 2 do
        if entry[i] == name then return entry[i + 1] end
    end
    return false
end

local function up_to_cut(id)
    local a1, a2 = string.match(id, '^(%d+)-(%d+)$')
    local b1, b2 = string.match(cut, '^(%d+)-(%d+)$')
    a1, a2, b1, b2 = tonumber(a1), tonumber(a2), tonumber(b1), tonumber(b2)
    return a1 < b1 or (a1 == b1 and a2 <= b2)
end

local function read(value) return string.match(value or '', '^(%S+) (%S+) ?(%S*)$') end

-- The text of an entity and its form: of its last event, or from the snapshot in use.
local function text(id, revision, action, birth)
    local entry = redis.call('XRANGE', streams .. action, revision, revision)[1]
    if entry then return field(entry[2], 'entity'), field(entry[2], 'schema') end
    if birth == '-' then
        local kept = redis.call('HGET', unborn, id) or ''
        local at, schema, entity = string.match(kept, '^(%S+) [^%s;]+;?(%d*) (.*)$')
        return at == revision and entity, schema ~= '' and schema
    end
    entry = birth ~= '' and redis.call('XRANGE', live, birth, birth)[1]
    if not entry or field(entry[2], 'revision') ~= revision then return false end
    return field(entry[2], 'entity'), field(entry[2], 'schema')
end

local function keep(id, birth)
    local revision, action, known = read(redis.call('HGET', revisions, id))
    if not revision then return 0 end
    local entity, schema = text(id, revision, action, known)
    if not entity then return 0 end
    local entry = {'id', id, 'revision', revision, 'action', action, 'entity', entity}
    if schema then
        entry[9], entry[10] = 'schema', schema
    end
    local reply = redis.pcall('XADD', following, birth, unpack(entry))
    -- It stands there already where this part is written again after a lost answer.
    if type(reply) == 'table' and reply.err and not string.find(reply.err, 'equal or smaller', 1, true) then
        error(reply)
    end
    if known ~= birth and up_to_cut(revision) then
        redis.call('HSET', revisions, id, revision .. ' ' .. action .. ' ' .. birth)
    end
    return 1
end

local parts = {}

function parts.live(after, count)
    local last = ''
    for _, entry in ipairs(redis.call('XRANGE', live, '(' .. after, '+', 'COUNT', count)) do
        last = entry[1]
        keep(field(entry[2], 'id'), last)
    end
    return last
end

function parts.births()
    local kept = 0
    for i = 12, #ARGV, 2 do kept = kept + keep(ARGV[i], ARGV[i + 1]) end
    return kept
end

local function stands(id, birth)
    if birth == '' or birth == '-' then return false end
    local entry = redis.call('XRANGE', following, birth, birth)[1]
    return entry and field(entry[2], 'id') == id
end

function parts.rest(cursor, count)
    local page = redis.call('HSCAN', revisions, cursor, 'COUNT', count)
    local kept, missing = 0, 0
    for i = 1, #page[2], 2 do
        local id = page[2][i]
        local revision, action, birth = read(page[2][i + 1])
        if revision and up_to_cut(revision) and not stands(id, birth) then
            local entity, schema = text(id, revision, action, birth)
            if entity then
                local form = schema and action .. ';' .. schema or action
                redis.call('HSET', following_unborn, id, revision .. ' ' .. form .. ' ' .. entity)
                redis.call('HSET', revisions, id, revision .. ' ' .. action .. ' -')
                kept = kept + 1
            else
                missing = missing + 1
            end
        end
    end
    return {page[1], kept, missing}
end

return parts[ARGV[11]](ARGV[12], ARGV[13])
