-- Puts events back that were archived, with the ids that they had, behind all that is there. Modules are not told of
-- them: what there was to do about them has been done.
--
-- KEYS[1]  the shop's clock: the last event id that was issued
-- ARGV     adopting-key, where the clock must stand, where it will stand
--          count, then for each stream: key, id of its first event of these
--          count, then for each checkpoint: key, stream, id
--          count, then for each event: stream id count fields…
-- Returns  {1}, or {0, where the clock stands} or {0, a stream's last id} where it is not behind all that is there

local position = 0
local function take()
    position = position + 1
    return ARGV[position]
end

local function later(a, b)
    local a1, a2 = string.match(a, '^(%d+)-(%d+)$')
    local b1, b2 = string.match(b, '^(%d+)-(%d+)$')
    a1, a2, b1, b2 = tonumber(a1), tonumber(a2), tonumber(b1), tonumber(b2)
    return a1 > b1 or (a1 == b1 and a2 > b2)
end

local adopting, expected, clock = take(), take(), take()
local found = redis.call('GET', KEYS[1]) or ''
if found ~= expected then return {0, found} end
for _ = 1, tonumber(take()) do
    local stream, first = take(), take()
    local info = redis.call('EXISTS', stream) == 1 and redis.call('XINFO', 'STREAM', stream) or {}
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' and not later(first, info[i + 1]) then return {0, info[i + 1]} end
    end
end

redis.call('SET', adopting, '1')
for _ = 1, tonumber(take()) do redis.call('HSET', take(), take(), take()) end
for _ = 1, tonumber(take()) do
    local stream, id = take(), take()
    local count = tonumber(take())
    local first = position + 1
    position = position + count
    redis.call('XADD', stream, id, unpack(ARGV, first, position))
end
redis.call('SET', KEYS[1], clock)
return {1}
