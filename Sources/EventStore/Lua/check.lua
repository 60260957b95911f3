-- Compares what is kept of entities with what their last events say, and where asked to, puts it right: each entity in
-- this one step, so that nobody ever sees a part of it or none.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     '1' to mend, set-of-ids revisions-key streams-of-the-topic snapshot-key
--          entities' keys without the id, properties' keys without property and id
--          count, ids…, then for each: revision and action ('' where no event speaks of it), birth ('' where its last
--            event is in its stream), count fields… (none where there must be no entity),
--            count of properties, each: name 'list' or 'hash' count elements…
-- Returns  for each entity that is not so:
--            number: nothing of it was there but its revision; it was wrong, and is right now if it was to be mended
--            {number, revision, action, entity, schema or nil}: its last event is a later one by now; nothing was judged
--            {number, what stands in revisions, 1 if it is in the set, fields, properties…}: it was wrong, and is
--              right now if it was to be mended. What was right is nil. A key of another type is told by its name

local mends, ids, revisions, streams, snapshot = ARGV[1] == '1', ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local entities, properties = ARGV[6], ARGV[7]
local amount = tonumber(ARGV[8])
local position = 8 + amount

-- An array, or the name of the type where it is another.
local function read(key, ...)
    local reply = redis.pcall(...)
    if reply.err then return redis.call('TYPE', key).ok end
    return reply
end

-- MARK: Later events

local function split(id)
    local seconds, microseconds = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(seconds), tonumber(microseconds)
end

local function later(a, b)
    local a1, a2 = split(a)
    if not a1 or b == '' then return a1 end
    local b1, b2 = split(b)
    return a1 > b1 or (a1 == b1 and a2 > b2)
end

local function field(entry, name)
    for i = 1, #entry, 2 do
        if entry[i] == name then return entry[i + 1] end
    end
end

local function text(id, revision, action, birth)
    local reply = redis.pcall('XRANGE', streams .. action, revision, revision)
    if reply[1] then return field(reply[1][2], 'entity'), field(reply[1][2], 'schema') end
    if birth == '-' then
        local kept = redis.call('HGET', snapshot .. ':unborn', id) or ''
        local at, schema, entity = string.match(kept, '^(%S+) [^%s;]+;?(%d*) (.*)$')
        return at == revision and entity, schema ~= '' and schema
    end
    reply = birth ~= '' and redis.pcall('XRANGE', snapshot, birth, birth) or {}
    if not reply[1] or field(reply[1][2], 'revision') ~= revision then return end
    return field(reply[1][2], 'entity'), field(reply[1][2], 'schema')
end

-- The event that revisions tell of, if it is one of this entity and later than the given one.
local function newer(id, known, expected)
    local revision, action, birth = string.match(known or '', '^(%S+) (%S+) ?(%S*)$')
    if not revision or not later(revision, expected) then return end
    local entity, schema = text(id, revision, action, birth)
    if entity and string.find(entity, id, 1, true) then return revision, action, entity, schema or false end
end

-- MARK: Comparing

local function is_revision(known, id, expected, birth)
    if expected == '' then return not known end
    if not known then return false end
    if known == expected and birth == '' then return true end
    local revision, action, found = string.match(known, '^(%S+) (%S+) ?(%S*)$')
    if not revision or revision .. ' ' .. action ~= expected then return false end
    -- Only with its birth a trimmed event is found.
    return birth == '' or found == birth or #redis.pcall('XRANGE', streams .. action, revision, revision) == 1
end

local function holds(found, first, count)
    if type(found) ~= 'table' or #found ~= count then return false end
    for i = 1, count do
        if found[i] ~= ARGV[first + i - 1] then return false end
    end
    return true
end

-- Redis keeps the order of the fields as long as they are few and short.
local function holds_fields(key, found, first, count)
    if holds(found, first, count) then return true end
    if type(found) ~= 'table' or #found ~= count or count == 0 then return false end
    if redis.call('OBJECT', 'ENCODING', key) ~= 'hashtable' then return false end
    local values = {}
    for i = 1, count, 2 do values[found[i]] = found[i + 1] end
    for i = first, first + count - 1, 2 do
        if values[ARGV[i]] ~= ARGV[i + 1] then return false end
    end
    return true
end

-- MARK: Mending

-- A call takes some thousand arguments.
local function write(command, key, first, count)
    if count <= 1000 then return count > 0 and redis.call(command, key, unpack(ARGV, first, first + count - 1)) end
    for start = first, first + count - 1, 1000 do
        redis.call(command, key, unpack(ARGV, start, math.min(start + 999, first + count - 1)))
    end
end

local function forget(id, key, found, parts)
    local leftovers = {key}
    for _, part in ipairs(parts) do leftovers[#leftovers + 1] = part.key end
    for i = 1, type(found) == 'table' and #found or 0, 2 do
        local own = properties .. found[i] .. ':' .. id
        if found[i + 1] == own then leftovers[#leftovers + 1] = own end
    end
    for start = 1, #leftovers, 1000 do
        redis.call('DEL', unpack(leftovers, start, math.min(start + 999, #leftovers)))
    end
end

local members
local comers, is_tried = {}, false
local function mend_member(id, is_member, is_alive)
    if not members then
        redis.call('DEL', ids)
        members = {}
    end
    if not is_alive then
        if is_member == 1 then redis.call('SREM', ids, id) end
    elseif not is_tried then
        -- At once, as Redis may refuse it for want of memory: nothing has been deleted by then.
        redis.call('SADD', ids, id)
        is_tried = true
    elseif is_member == 0 then
        comers[#comers + 1] = id
    end
end

local function mend(id, key, found, first, count, parts)
    if #parts > 0 or type(found) ~= 'table' or #found > 0 then forget(id, key, found, parts) end
    write('HSET', key, first, count)
    for _, part in ipairs(parts) do
        write(part.kind == 'list' and 'RPUSH' or 'HSET', part.key, part.first, part.count)
    end
end

local is_foreign = false
local function mend_revision(id, known, revision, birth)
    if is_foreign then
        redis.call('DEL', revisions)
        is_foreign = false
    end
    if revision == '' then return redis.call('HDEL', revisions, id) end
    local kept = string.match(known or '', '^%S+ %S+( %S+)$')
    redis.call('HSET', revisions, id, revision .. (birth ~= '' and ' ' .. birth or kept or ''))
end

-- MARK: Each entity

local none = {}
local function read_parts(id)
    local count = tonumber(ARGV[position + 1])
    position = position + 1
    if count == 0 then return none, true end
    local parts, is_right = {}, true
    for i = 1, count do
        local part = {
            key = properties .. ARGV[position + 1] .. ':' .. id, kind = ARGV[position + 2], first = position + 4,
            count = tonumber(ARGV[position + 3])}
        position = position + 3 + part.count
        local is_same
        if part.kind == 'list' then
            part.found = read(part.key, 'LRANGE', part.key, 0, -1)
            is_same = holds(part.found, part.first, part.count)
        else
            part.found = read(part.key, 'HGETALL', part.key)
            is_same = holds_fields(part.key, part.found, part.first, part.count)
        end
        if is_same then part.found = false end
        is_right = is_right and is_same
        parts[i] = part
    end
    return parts, is_right
end

-- Whether the hash of any of them is there: to rebuild a cache that is gone, not one has to be read.
local is_any
local function look()
    local all = {}
    for i = 1, amount do all[i] = entities .. ARGV[8 + i] end
    is_any = redis.call('EXISTS', unpack(all)) > 0
end

local function check(number, known, is_member)
    local id, revision, birth = ARGV[8 + number], ARGV[position + 1], ARGV[position + 2]
    local first, count = position + 4, tonumber(ARGV[position + 3])
    position = position + 3 + count
    local key = entities .. id
    local found = is_any and read(key, 'HGETALL', key) or none
    local parts, has_parts = read_parts(id)
    local has_revision = is_revision(known, id, revision, birth)
    local has_fields = holds_fields(key, found, first, count)
    if has_revision and has_fields and has_parts and is_member == (count > 0 and 1 or 0) then return end
    if not has_revision then
        local later, action, text, schema = newer(id, known, string.match(revision, '^%S*'))
        if later then return {number, later, action, text, schema} end
    end
    if mends then
        mend_member(id, is_member, count > 0)
        mend(id, key, found, first, count, parts)
        if not has_revision then mend_revision(id, known, revision, birth) end
    end
    if has_revision and is_member == 0 and found == none and parts == none then return number end
    local seen = {number, not has_revision and (known or ''), is_member, not has_fields and found}
    for _, part in ipairs(parts) do seen[#seen + 1] = part.found end
    return seen
end

local function of_all(...)
    local reply = redis.pcall(...)
    return not reply.err and reply
end

look()
local known = of_all('HMGET', revisions, unpack(ARGV, 9, 8 + amount))
members = of_all('SMISMEMBER', ids, unpack(ARGV, 9, 8 + amount))
is_foreign = not known
local replies = {}
for number = 1, amount do
    replies[#replies + 1] = check(number, known and known[number], members and members[number] or 0)
end
if #comers > 0 then redis.call('SADD', ids, unpack(comers)) end
return replies
