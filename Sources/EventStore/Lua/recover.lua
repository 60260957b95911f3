-- Compares what the shop should have with what is there: Redis may have come back with less than it acknowledged.
-- The clock is set forward to the highest id that anything tells of, so that no id is issued twice. A checkpoint that
-- is ahead of its stream goes back to the stream's last id, never forward: whatever is appended next is handled.
-- Writes nothing where all is well.
--
-- KEYS[1]  the shop's clock
-- ARGV     the highest id that the caller knows was issued, retention-key,
--          count, then the streams
--          count, then the checkpoint-keys
--          then for each event that the caller knows was written: its stream, its id
-- Returns  {the clock as it was or '', the last event that is left before those or '', the newest that is gone or '',
--          the rewinds: {checkpoint-key, stream, from, to}…}

local position = 0
local function take()
    position = position + 1
    return ARGV[position]
end

local function split(id)
    local seconds, microseconds = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(seconds) or 0, tonumber(microseconds) or 0
end

local function later(a, b)
    local a1, a2 = split(a)
    local b1, b2 = split(b)
    return a1 > b1 or (a1 == b1 and a2 > b2)
end

local function last_generated(stream)
    if redis.call('EXISTS', stream) == 0 then return '0-0' end
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then return info[i + 1] end
    end
end

local clock = redis.call('GET', KEYS[1])
if not clock then return {'', '', '', {}} end
local highest = take()
local function follow(id)
    if later(id, highest) then highest = id end
end

local cut = redis.call('HGET', take(), 'cut') or '0-0'
local streams, last = {}, {}
for i = 1, tonumber(take()) do
    streams[i] = take()
    last[streams[i]] = last_generated(streams[i])
    follow(last[streams[i]])
end

local function rewind(checkpoint, rewinds)
    local fields = redis.call('HGETALL', checkpoint)
    for i = 1, #fields, 2 do
        local stream, at = fields[i], fields[i + 1]
        if last[stream] and later(at, last[stream]) then
            follow(at)
            rewinds[#rewinds + 1] = {checkpoint, stream, at, last[stream]}
        end
    end
end

local rewinds = {}
for _ = 1, tonumber(take()) do rewind(take(), rewinds) end

-- What retention has trimmed is not lost.
local gone = ''
while position < #ARGV do
    local stream, id = take(), take()
    if later(id, cut) and later(id, gone) and #redis.call('XRANGE', stream, id, id) == 0 then gone = id end
end

local left = ''
if gone ~= '' then
    left = '0-0'
    for _, stream in ipairs(streams) do
        local entry = redis.call('XREVRANGE', stream, gone, '-', 'COUNT', 1)[1]
        if entry and later(entry[1], left) then left = entry[1] end
    end
end

if later(highest, clock) then redis.call('SET', KEYS[1], highest) end
for _, one in ipairs(rewinds) do
    if one[4] == '0-0' then
        redis.call('HDEL', one[1], one[2])
    else
        redis.call('HSET', one[1], one[2], one[4])
    end
end
return {clock, left, gone, rewinds}
