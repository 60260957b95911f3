-- Finds keys of properties that their entities do not name, and deletes them where asked to.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     '1' to mend, then for each key: key of the entity, property, key
-- Returns  those that nobody names

local strays = {}
for i = 2, #ARGV, 3 do
    local name = redis.pcall('HGET', ARGV[i], ARGV[i + 1])
    if name ~= ARGV[i + 2] and redis.call('EXISTS', ARGV[i + 2]) == 1 then
        strays[#strays + 1] = ARGV[i + 2]
        if ARGV[1] == '1' then redis.call('DEL', ARGV[i + 2]) end
    end
end
return strays
