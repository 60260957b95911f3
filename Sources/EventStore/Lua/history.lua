-- The events of one entity, the newest first: each names the one before it (transact.lua).
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     revisions-key streams-of-the-topic id
--          where to begin, as 'ID ACTION', or '' for the entity's last event
--          an event id: later ones are passed over; or ''
--          the action with which entities of this topic begin, how many events, how many steps at most
-- Returns  {what is before them, 'ID ACTION' of it or '', {{id, action, {field, value…}}…}}, where before them is
--          'nothing' (the entity came to be), 'more' (go on there), 'trimmed' (it is not in its stream any more) or
--          'untold' (the last of them does not say: another program wrote it, or a version that did not yet)

local revisions, streams, id, from, before, birth = unpack(ARGV)
local count, steps = tonumber(ARGV[7]), tonumber(ARGV[8])

local function later(a, b)
    local a1, a2 = string.match(a, '^(%d+)-(%d+)$')
    local b1, b2 = string.match(b, '^(%d+)-(%d+)$')
    a1, a2, b1, b2 = tonumber(a1), tonumber(a2), tonumber(b1), tonumber(b2)
    return a1 > b1 or (a1 == b1 and a2 > b2)
end

local function previous(fields, action)
    for i = 1, #fields, 2 do
        if fields[i] == 'previous' then
            local link = fields[i + 1]
            return string.find(link, ' ', 1, true) and link or link .. ' ' .. action
        end
    end
    return ''
end

if from == '' then from = string.match(redis.call('HGET', revisions, id) or '', '^%S+ %S+') or '' end
local events = {}
while from ~= '' do
    if #events == count or steps == 0 then return {'more', from, events} end
    steps = steps - 1
    local at, action = string.match(from, '^(%S+) (%S+)$')
    local entry = redis.call('XRANGE', streams .. action, at, at)[1]
    if not entry then return {'trimmed', from, events} end
    if before == '' or not later(at, before) then events[#events + 1] = {at, action, entry[2]} end
    from = previous(entry[2], action)
    if from == '' and action ~= birth then return {'untold', at .. ' ' .. action, events} end
end
return {'nothing', '', events}
