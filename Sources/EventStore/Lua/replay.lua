-- Sends a module back to handle again what it has handled. Never forward: nothing is skipped.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     checkpoint-key, delivery-key, position to go back to, '1' (with effects) or '0' (without), unix time now,
--          how many streams the module reacts to, these streams, then its others
-- Returns  the position up to which events were handled before ('0-0': none were)

local function later(a, b)
    local a1, a2 = string.match(a, '^(%d+)-(%d+)$')
    local b1, b2 = string.match(b, '^(%d+)-(%d+)$')
    a1, a2, b1, b2 = tonumber(a1), tonumber(a2), tonumber(b1), tonumber(b2)
    return a1 > b1 or (a1 == b1 and a2 > b2)
end

local checkpoint, delivery, back, effects, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local reacting = tonumber(ARGV[6])
-- Where the module reacts to nothing its checkpoint may be ahead: it goes along with what is appended.
local handled, all = '0-0', '0-0'
for i = 7, #ARGV do
    local at = redis.call('HGET', checkpoint, ARGV[i])
    if at then
        if later(at, all) then all = at end
        if i < 7 + reacting and later(at, handled) then handled = at end
        if later(at, back) then redis.call('HSET', checkpoint, ARGV[i], back) end
    end
end
if reacting == 0 then handled = all end
-- What is handled once more has not failed yet.
redis.call('HDEL', delivery, 'tries')
redis.call('HSET', delivery, 'replay_from', back, 'replay_until', handled, 'replay_started', now,
    'replay_effects', effects)
if effects == '0' then
    local before = redis.call('HGET', delivery, 'effects_after')
    if not before or later(handled, before) then redis.call('HSET', delivery, 'effects_after', handled) end
else
    redis.call('HDEL', delivery, 'effects_after')
end
return handled
