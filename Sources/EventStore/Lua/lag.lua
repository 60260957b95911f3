-- How many events wait behind a position in each stream, counted up to a limit.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     the limit, then for each stream: its key, the position
-- Returns  the counts

local counts = {}
for i = 2, #ARGV, 2 do
    counts[#counts + 1] = #redis.call('XRANGE', ARGV[i], '(' .. ARGV[i + 1], '+', 'COUNT', ARGV[1])
end
return counts
