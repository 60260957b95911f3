-- Runs commands at one moment of the shop.
--
-- KEYS[1]  the shop's clock: the last event id that was issued
-- ARGV     where the clock must stand ('' for anywhere), then for each command: count words…
-- Returns  {where the clock stands, replies}; no replies where it should stand elsewhere

local clock = redis.call('GET', KEYS[1]) or '0-0'
if ARGV[1] ~= '' and ARGV[1] ~= clock then return {clock} end
local replies = {}
local position = 2
while position <= #ARGV do
    local last = position + tonumber(ARGV[position])
    replies[#replies + 1] = redis.pcall(unpack(ARGV, position + 1, last))
    position = last + 1
end
return {clock, replies}
