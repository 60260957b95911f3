-- Runs transactions one after the other. Each is all or nothing: what it expects is checked before its first write.
--
-- KEYS[1]  the shop's clock: the last event id that was issued
-- ARGV[1]  one flat MessagePack array, as Redis takes it apart faster than as many arguments (TransactionEncoder):
--          the highest id that the caller knows was issued, as Redis may have come back with an older clock;
--          how many topics, then each:  revisions-key, how many entities, entity-id…
--          how many streams, then each: key, topic, action, checkpoint-key
--          how many transactions, then each:
--            size (elements behind it)
--            checks:  'R' topic entity revision | 'V' unique-key value
--                   | 'L' lease-key holder | 'C' checkpoint-key stream-key from to     ('' stands for none)
--                   | 'E' key '1' (it must exist) or '0' (it must not)
--                   | 'S' stream-key id (the stream must have it)
--                   | 'N' sequence-key (it must hold a number, or nothing)
--            records: commands that must succeed, or else nothing of the transaction is done
--            events:  stream entity given-id fields… writes…
--                     given-id '#PLACEHOLDER SEQUENCE-KEY' asks for the sequence's next number: it takes the
--                     placeholder's place in the entity, and in the words of the writes that are nothing else
--            writes, checkpoint moves
--          Topics, streams and entities (of a topic) go by their numbers in those lists. A list's length is before it.
-- Returns    for each transaction {1, id…}, or {0, number of the check that failed, what is there instead}, or
--            {-1, an error of Redis}, which is its own and no other's;
--            last, the errors of read-model writes (they hold nobody up: a read model can be rebuilt)

local args = cmsgpack.unpack(ARGV[1])
local position = 0
local function take()
    position = position + 1
    return args[position]
end

local last = redis.call('GET', KEYS[1])
if not last then
    return redis.error_reply('NOCLOCK the shop has no clock yet')
end

local function split(id)
    local seconds, microseconds = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(seconds), tonumber(microseconds)
end

local function later(a, b)
    local a1, a2 = split(a)
    local b1, b2 = split(b)
    return a1 > b1 or (a1 == b1 and a2 > b2)
end

local warnings = {}
local highest = take()
local is_behind = later(highest, last)
if is_behind then
    warnings[1] = 'BEHIND ' .. last
    last = highest
end

-- The clock: Redis's own time, or a microsecond after the last id where that stands still or runs backwards.
local seconds, microseconds
local function issue()
    if not seconds then
        seconds, microseconds = split(last)
        local now = redis.call('TIME')
        local s, us = tonumber(now[1]), tonumber(now[2])
        if s > seconds or (s == seconds and us > microseconds) then
            seconds, microseconds = s, us - 1
        end
    end
    microseconds = microseconds + 1
    if microseconds > 999999 then
        seconds, microseconds = seconds + 1, 0
    end
    return string.format('%d-%d', seconds, microseconds)
end

-- What another program wrote may be ahead of the clock: then the clock follows it.
local function follow(id)
    local now = seconds and string.format('%d-%d', seconds, microseconds) or last
    if later(id, now) then seconds, microseconds = split(id) end
end

local function catch_up(stream)
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then follow(info[i + 1]) end
    end
end

local function keep_clock()
    if seconds then last = string.format('%d-%d', seconds, microseconds) end
    if seconds or is_behind then redis.pcall('SET', KEYS[1], last) end
end

local topics = {}
for number = 1, take() do
    local key, count = take(), take()
    topics[number] = {key = key, count = count, first = position + 1, changes = {}}
    position = position + count
end

local streams = {}
for number = 1, take() do
    local key, topic, action, checkpoint = take(), take(), take(), take()
    streams[number] = {key = key, topic = topics[topic], action = ' ' .. action, checkpoint = checkpoint}
end

-- Lua's stack, and so a command, holds some thousand words.
local most = 1000

-- The revisions of a topic's entities, false for none: read all at once when the first is asked for, kept up to date
-- as transactions change them, and written all at once in the end.
local function revisions(topic)
    if topic.revisions then return topic.revisions end
    local known = {}
    for first = topic.first, topic.first + topic.count - 1, most do
        local final = math.min(first + most, topic.first + topic.count) - 1
        local found = redis.call('HMGET', topic.key, unpack(args, first, final))
        for i = 1, #found do known[#known + 1] = found[i] end
    end
    topic.revisions = known
    return known
end

local function revise(topic, entity, revision)
    topic.revisions[entity] = revision
    local changes = topic.changes
    changes[#changes + 1] = args[topic.first + entity - 1]
    changes[#changes + 1] = revision
end

local function keep_revisions()
    for _, topic in ipairs(topics) do
        for first = 1, #topic.changes, most do
            redis.call('HSET', topic.key, unpack(topic.changes, first, math.min(first + most - 1, #topic.changes)))
        end
        topic.changes = {}
    end
end

-- Numbers without gaps: the last one of each sequence, read before a transaction's first write and written in the end.
local sequences, advanced = {}, {}
local function sequence(key)
    if not sequences[key] then
        local number = tonumber(redis.call('GET', key) or '0')
        if not number then error({err = 'NONUMBER ' .. key .. ' holds no number: verify and repair the projections'}) end
        sequences[key] = number
    end
    return sequences[key]
end

local function digits(number) return string.format('%.0f', number) end

local function reach(key, number)
    local is_known, last = pcall(sequence, key)
    if not is_known then return last end
    if number > last then sequences[key], advanced[key] = number, true end
end

local function keep_sequences()
    for key in pairs(advanced) do redis.call('SET', key, digits(sequences[key])) end
end

-- Taken in one go where each event comes by, as a call of take() costs as much as three elements.
local checks = {}
function checks.R()
    local topic, entity, expected = topics[args[position + 1]], args[position + 2], args[position + 3]
    position = position + 3
    local known = (topic.revisions or revisions(topic))[entity]
    if not known then return expected == '', '' end
    local revision, action = string.match(known, '^(%S+) (%S+)')
    if not revision or action == 'deleted' then revision = '' end
    return revision == expected, revision
end
function checks.V()
    local holder = redis.call('HGET', take(), take())
    return not holder, holder
end
function checks.L()
    local key, owner = take(), take()
    local holder = redis.call('GET', key)
    return holder == owner, holder or ''
end
-- What was handled must be there: a Redis that came back with less than was read from it, or another one after a
-- fail-over, must not learn of it by its effects.
function checks.C()
    local key, stream, expected, to = take(), take(), take(), take()
    local at = redis.call('HGET', key, stream) or ''
    return at == expected and #redis.call('XRANGE', stream, to, to) > 0, at
end
function checks.E()
    local key, expected = take(), take()
    local found = tostring(redis.call('EXISTS', key))
    return found == expected, found
end
function checks.S()
    local key, id = take(), take()
    return #redis.call('XRANGE', key, id, id) > 0, ''
end

function checks.N()
    sequence(take())
    return true
end

local function failed_check()
    local failed, actual
    for i = 1, take() do
        local ok, found = checks[take()]()
        if not ok and not failed then failed, actual = i, found end
    end
    return failed, actual
end

-- Before the first event: where one of these fails, no event was appended.
local function record()
    for _ = 1, take() do
        local count = take()
        local first = position + 1
        position = position + count
        redis.call(unpack(args, first, position))
    end
end

local function score_of(id)
    local s, us = split(id)
    return string.format('%d%06d', s, us)
end

local function write(id, placeholder, number)
    local score
    for _ = 1, take() do
        local first = position + 2
        position = position + 1 + args[position + 1]
        if number then
            for i = first, position do
                if args[i] == placeholder then args[i] = number end
            end
        end
        local reply
        if args[first] == 'INDEX' then
            score = score or score_of(id)
            reply = redis.pcall('ZADD', args[first + 1], 'NX', score, args[first + 2])
        elseif args[first] == 'REACH' then
            reply = reach(args[first + 1], tonumber(args[first + 2]) or 0)
        else
            reply = redis.pcall(unpack(args, first, position))
        end
        if type(reply) == 'table' and reply.err then
            warnings[#warnings + 1] = args[first + 1] .. ': ' .. reply.err
        end
    end
end

local function skip_writes()
    for _ = 1, take() do
        -- In two statements: a sum would add to the position from before its own count was taken.
        local count = take()
        position = position + count
    end
end

-- Whether everything in the stream is behind the owner's checkpoint, so that the checkpoint may go with the
-- event that is appended now. Asked before the first event of the call goes into the stream.
local function is_caught_up(stream)
    if stream.is_caught_up == nil then
        local at = redis.call('HGET', stream.checkpoint, stream.key) or '0-0'
        stream.is_caught_up = redis.call('XREAD', 'COUNT', 1, 'STREAMS', stream.key, at) == false
    end
    return stream.is_caught_up
end

-- An event says which event of its entity was before it, by id, and by action where that is not its own: so the events
-- of each entity can be gone along, backwards.
local function fields(first, final, known, own)
    local previous, action = string.match(known or '', '^(%S+)( %S+)')
    if not previous then return unpack(args, first, final) end
    local words = {unpack(args, first, final)}
    words[#words + 1] = 'previous'
    words[#words + 1] = action == own and previous or previous .. action
    return unpack(words)
end

-- One entity has one number, also where several events of one transaction tell of it.
local numbers
local function number_of(entity, key)
    local name = key .. ' ' .. entity
    if not numbers[name] then numbers[name] = digits(sequence(key) + 1) end
    return numbers[name]
end

local function fill(text, placeholder, number)
    local first, last = string.find(text, placeholder, 1, true)
    return first and string.sub(text, 1, first - 1) .. number .. string.sub(text, last + 1) or text
end

local function append(ids)
    local stream, entity, id = streams[args[position + 1]], args[position + 2], args[position + 3]
    local first = position + 5
    position = position + 4 + args[position + 4]
    if not stream.topic.revisions then revisions(stream.topic) end
    local known = stream.topic.revisions[entity]
    local placeholder, counter, number
    if string.byte(id) == 35 then
        placeholder, counter = string.match(id, '^#(%S+) (.+)$')
        number, id = number_of(entity, counter), ''
        args[first + 3] = fill(args[first + 3], placeholder, number)
    end
    if id ~= '' then
        local revision = string.match(known or '', '^(%S+)')
        if revision and not later(id, revision) then
            return skip_writes()
        end
        -- Otherwise the entity's next event could stand before this one.
        follow(id)
    else
        local inline = stream.checkpoint ~= '' and is_caught_up(stream)
        id = issue()
        local reply = redis.pcall('XADD', stream.key, id, fields(first, position, known, stream.action))
        if type(reply) == 'table' and reply.err and string.find(reply.err, 'equal or smaller', 1, true) then
            catch_up(stream.key)
            id = issue()
            reply = redis.pcall('XADD', stream.key, id, fields(first, position, known, stream.action))
        end
        if type(reply) == 'table' and reply.err then error(reply) end
        if inline then stream.reached = id end
        ids[#ids + 1] = id
        if number then reach(counter, tonumber(number)) end
    end
    revise(stream.topic, entity, id .. stream.action)
    write(id, placeholder, number)
end

local function transact()
    local failed, actual = failed_check()
    if failed then return {0, failed, actual} end
    local ids = {1}
    numbers = {}
    record()
    for _ = 1, take() do append(ids) end
    if args[position + 1] > 0 then
        -- They may be to the revisions, and have the last word.
        keep_revisions()
        write(last)
        for _, topic in ipairs(topics) do topic.revisions = nil end
    else
        take()
    end
    for _ = 1, take() do
        redis.call('HSET', take(), take(), take())
    end
    return ids
end

local replies = {}
for number = 1, take() do
    local finish = take()
    finish = position + finish
    local is_done, reply = pcall(transact)
    replies[number] = is_done and reply or {-1, type(reply) == 'table' and reply.err or tostring(reply)}
    position = finish
end

keep_revisions()
keep_sequences()
for _, stream in ipairs(streams) do
    if stream.reached then redis.call('HSET', stream.checkpoint, stream.key, stream.reached) end
end
keep_clock()
replies[#replies + 1] = warnings
return replies
