-- Notes that a daemon lives, takes or renews its leases, and says which modules are disabled. A disabled module's lease
-- is nobody's: whoever held it is fenced at once, though he may not have heard of it yet. A lease that is taken gets a
-- new epoch: what was begun under an older one can no longer be committed, not even by the same daemon.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     modules-key, epochs-key, daemons-key, owner, time to live in milliseconds,
--          then for each module: name, lease-key, '1' (take its lease if it is free) or '0'
-- Returns  for each module {1 if it is disabled, the lease as 'OWNER EPOCH' or false}

local daemons, owner, time = ARGV[3], ARGV[4], tonumber(ARGV[5])

-- What would hold for longer than any lease does was noted before Redis's clock was set back.
local longest = 300000
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', daemons, '-inf', now)
redis.call('ZREMRANGEBYSCORE', daemons, '(' .. now + longest, '+inf')
redis.call('ZADD', daemons, now + time, owner)

local states = {}
for i = 6, #ARGV, 3 do
    local module, key = ARGV[i], ARGV[i + 1]
    local disabled = redis.call('HGET', ARGV[1], module) == 'disabled'
    local lease = redis.call('GET', key)
    if disabled then
        if lease then redis.call('DEL', key) end
        lease = false
    elseif not lease and ARGV[i + 2] == '1' then
        lease = owner .. ' ' .. redis.call('HINCRBY', ARGV[2], module, 1)
        redis.call('SET', key, lease, 'PX', time)
    elseif lease and string.match(lease, '^(%S+)') == owner then
        redis.call('PEXPIRE', key, time)
    elseif lease and redis.call('PTTL', key) > 2 * time then
        -- Redis's clock was set back: the lease of one that died would outlive him by the jump.
        redis.call('PEXPIRE', key, time)
    end
    states[#states + 1] = {disabled and 1 or 0, lease}
end
return states
