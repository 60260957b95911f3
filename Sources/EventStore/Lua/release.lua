-- Gives leases back, those that are still this daemon's.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     owner, then the lease keys

local released = 0
for i = 2, #ARGV do
    local lease = redis.call('GET', ARGV[i])
    if lease and string.match(lease, '^(%S+)') == ARGV[1] then
        released = released + redis.call('DEL', ARGV[i])
    end
end
return released
