-- Runs transactions one after the other. Each is all or nothing: what it expects is checked before its first write.
--
-- KEYS[1]  the shop's clock: the last event id that was issued
-- ARGV     the highest id that the caller knows was issued, as Redis may have come back with an older clock;
--          how many transactions, then each as TransactionEncoder writes it:
--            size (arguments behind it)
--            checks:  'R' revisions-key entity-id revision | 'V' unique-key value
--                   | 'L' lease-key holder | 'C' checkpoint-key stream position     ('' stands for none)
--                   | 'E' key '1' (it must exist) or '0' (it must not)
--            records: commands that must succeed, or else nothing of the transaction is done
--            events:  stream revisions-key action entity-id given-id checkpoint-key fields… writes…
--            writes, checkpoint moves
-- Returns    for each transaction {1, id…}, or {0, number of the check that failed, what is there instead}, or
--            {-1, an error of Redis}, which is its own and no other's;
--            last, the errors of read-model writes (they hold nobody up: a read model can be rebuilt)

local position = 0
local function take()
    position = position + 1
    return ARGV[position]
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

local checks = {}
function checks.R()
    local key, id, expected = take(), take(), take()
    local revision, action = string.match(redis.call('HGET', key, id) or '', '^(%S+) (%S+)')
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
function checks.C()
    local key, stream, expected = take(), take(), take()
    local at = redis.call('HGET', key, stream) or ''
    return at == expected, at
end
function checks.E()
    local key, expected = take(), take()
    local found = tostring(redis.call('EXISTS', key))
    return found == expected, found
end

local function failed_check()
    local failed, actual
    for i = 1, tonumber(take()) do
        local ok, found = checks[take()]()
        if not ok and not failed then failed, actual = i, found end
    end
    return failed, actual
end

-- Before the first event: where one of these fails, no event was appended.
local function record()
    for _ = 1, tonumber(take()) do
        local count = tonumber(take())
        local first = position + 1
        position = position + count
        redis.call(unpack(ARGV, first, position))
    end
end

local function write(id)
    for _ = 1, tonumber(take()) do
        local count = tonumber(take())
        local first = position + 1
        position = position + count
        local reply
        if ARGV[first] == 'INDEX' then
            local s, us = split(id)
            reply = redis.pcall('ZADD', ARGV[first + 1], 'NX', string.format('%d%06d', s, us), ARGV[first + 2])
        else
            reply = redis.pcall(unpack(ARGV, first, position))
        end
        if type(reply) == 'table' and reply.err then
            warnings[#warnings + 1] = ARGV[first + 1] .. ': ' .. reply.err
        end
    end
end

local function skip_writes()
    for _ = 1, tonumber(take()) do
        -- In two statements: a sum would add to the position from before its own count was taken.
        local count = tonumber(take())
        position = position + count
    end
end

-- Whether everything in the stream is behind the owner's checkpoint, so that the checkpoint may go with the
-- event that is appended now. Asked before the first event of the step goes into the stream.
local moves, caught_up = {}, {}
local function is_caught_up(key, stream)
    if caught_up[stream] == nil then
        local at = redis.call('HGET', key, stream) or '0-0'
        caught_up[stream] = redis.call('XREAD', 'COUNT', 1, 'STREAMS', stream, at) == false
    end
    return caught_up[stream]
end

local function append(ids)
    local stream, revisions, action, entity, id, checkpoint = take(), take(), take(), take(), take(), take()
    local count = tonumber(take())
    local first = position + 1
    position = position + count
    if id ~= '' then
        local known = string.match(redis.call('HGET', revisions, entity) or '', '^(%S+)')
        if known and not later(id, known) then
            return skip_writes()
        end
        -- Otherwise the entity's next event could stand before this one.
        follow(id)
    else
        local inline = checkpoint ~= '' and is_caught_up(checkpoint, stream)
        id = issue()
        local reply = redis.pcall('XADD', stream, id, unpack(ARGV, first, position))
        if type(reply) == 'table' and reply.err and string.find(reply.err, 'equal or smaller', 1, true) then
            catch_up(stream)
            id = issue()
            reply = redis.pcall('XADD', stream, id, unpack(ARGV, first, position))
        end
        if type(reply) == 'table' and reply.err then error(reply) end
        if inline then
            moves[checkpoint] = moves[checkpoint] or {}
            moves[checkpoint][stream] = id
        end
        ids[#ids + 1] = id
    end
    redis.call('HSET', revisions, entity, id .. ' ' .. action)
    write(id)
end

local function transact()
    local failed, actual = failed_check()
    if failed then return {0, failed, actual} end
    local ids = {1}
    record()
    for _ = 1, tonumber(take()) do append(ids) end
    write(last)
    for _ = 1, tonumber(take()) do
        redis.call('HSET', take(), take(), take())
    end
    return ids
end

local replies = {}
for number = 1, tonumber(take()) do
    local finish = tonumber(take())
    finish = position + finish
    local is_done, reply = pcall(transact)
    replies[number] = is_done and reply or {-1, type(reply) == 'table' and reply.err or tostring(reply)}
    position = finish
end

for key, streams in pairs(moves) do
    for stream, id in pairs(streams) do redis.call('HSET', key, stream, id) end
end
keep_clock()
replies[#replies + 1] = warnings
return replies
