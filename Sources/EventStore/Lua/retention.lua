-- The steps of trimming a shop's streams. Whoever takes them holds the lock, and every step renews it; without a
-- token, a step that changes nothing may be asked for by anybody.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     lock-key, token, time to live in milliseconds, then one of
--            'renew'
--            'count'    stream position cut limit
--            'holders'  cut limit HANDLERS
--            'switch'   cut limit HANDLERS retention-key at archive events
--                       count, then for each stream: key, id of the last event that was archived or ''
--                       count, then for each topic: snapshot next unborn next-unborn
--            'trim'     retention-key cut stream first-to-stay limit
--            'trimmed'  retention-key
--            'release'
--          where HANDLERS are: count, then for each module: name checkpoint-key parked-key count streams…
-- Returns  'count': {how many, the last of them}; 'holders': the HOLDERS; 'switch': {'held', HOLDERS},
--          {'changed', stream} or {'switched'}; 'trim': {how many were trimmed, 1 if the stream is done}
--          where HOLDERS are, for each: {module, stream or '' for parked events, checkpoint or first, how many}

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

local function last_up_to(cut, stream)
    local entry = redis.call('XREVRANGE', stream, cut, '-', 'COUNT', 1)[1]
    return entry and entry[1]
end

local function last_generated(stream)
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then return info[i + 1] end
    end
end

local steps = {}

function steps.renew() return 1 end

function steps.release() return redis.call('DEL', ARGV[1]) end

function steps.count()
    local entries = redis.call('XRANGE', take(), '(' .. take(), take(), 'COUNT', take())
    return {#entries, #entries > 0 and entries[#entries][1] or ''}
end

-- A module holds a cut back where it has not handled a stream's last event up to the cut, or has parked one.
function steps.holders()
    local cut, limit, found = take(), take(), {}
    for _ = 1, tonumber(take()) do
        local module, checkpoint, parked = take(), take(), take()
        for _ = 1, tonumber(take()) do
            local stream = take()
            local last, at = last_up_to(cut, stream), redis.call('HGET', checkpoint, stream) or '0-0'
            if last and later(last, at) then
                local waiting = #redis.call('XRANGE', stream, '(' .. at, cut, 'COUNT', limit)
                found[#found + 1] = {module, stream, at, waiting}
            end
        end
        local first = redis.call('ZRANGE', parked, 0, 0)[1]
        if first and not later(first, cut) then
            local count = redis.call('ZCOUNT', parked, '-inf', string.format('%d%06d', split(cut)))
            found[#found + 1] = {module, '', first, count}
        end
    end
    return found
end

-- All that is new takes the place of all that is old at once. Not one of the streams can get an event up to the cut
-- from here on, not even from another program: it would be trimmed without being archived.
function steps.switch()
    local cut = ARGV[position + 1]
    local held = steps.holders()
    if #held > 0 then return {'held', held} end
    local retention, at, archive, events, streams = take(), take(), take(), take(), {}
    for _ = 1, tonumber(take()) do
        local stream, archived = take(), take()
        if (last_up_to(cut, stream) or '') ~= archived then return {'changed', stream} end
        if archived ~= '' then streams[#streams + 1] = stream end
    end
    for _, stream in ipairs(streams) do
        if later(cut, last_generated(stream)) then redis.call('XSETID', stream, cut) end
    end
    for _ = 1, 2 * tonumber(take()) do
        local live, following = take(), take()
        -- First unlinked: a rename would free the old one within this step, however large it is.
        redis.call('UNLINK', live)
        if redis.call('EXISTS', following) == 1 then redis.call('RENAME', following, live) end
    end
    redis.call('HSET', retention, 'cut', cut, 'at', at, 'archive', archive, 'events', events, 'trimming',
        table.concat(streams, ' '))
    return {'switched'}
end

-- Whole nodes of the stream first, so many at a time; what is left then lies within one node.
function steps.trim()
    local retention, cut, stream, first, limit = take(), take(), take(), take(), take()
    if redis.call('HGET', retention, 'cut') ~= cut then
        return redis.error_reply('LOST the streams were cut somewhere else meanwhile')
    end
    local trimmed = redis.call('XTRIM', stream, 'MINID', '~', first, 'LIMIT', limit)
    if trimmed > 0 then return {trimmed, 0} end
    return {redis.call('XTRIM', stream, 'MINID', '=', first), 1}
end

function steps.trimmed() return redis.call('HDEL', take(), 'trimming') end

local lock, token, time = take(), take(), take()
local step = take()
if token ~= '' then
    if redis.call('GET', lock) ~= token then
        return redis.error_reply('LOST the work stood still for too long, and its lock is gone: begin again')
    end
    redis.call('PEXPIRE', lock, time)
elseif step ~= 'holders' and step ~= 'count' then
    return redis.error_reply('LOST the step ' .. step .. ' needs the lock')
end
return steps[step]()
