-- Takes or renews one daemon's leases, and says which modules are disabled. A disabled module's lease is nobody's:
-- whoever held it is fenced at once, though he may not have heard of it yet.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     modules-key, owner, time to live in milliseconds, then for each module: name lease-key
-- Returns  for each module {1 if it is disabled, the lease's owner or false}

local states = {}
for i = 4, #ARGV, 2 do
    local disabled = redis.call('HGET', ARGV[1], ARGV[i]) == 'disabled'
    local owner = redis.call('GET', ARGV[i + 1])
    if owner and disabled then
        redis.call('DEL', ARGV[i + 1])
        owner = false
    elseif not disabled and (not owner or owner == ARGV[2]) then
        redis.call('SET', ARGV[i + 1], ARGV[2], 'PX', ARGV[3])
        owner = ARGV[2]
    end
    states[#states + 1] = {disabled and 1 or 0, owner}
end
return states
