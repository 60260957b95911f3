-- How many events wait behind a position in each stream, counted up to a limit.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     the limit, then for each stream: its key, the position
-- Returns  for each stream {the count, the id of the last that was counted or ''}

local counts = {}
for i = 2, #ARGV, 2 do
    local entries = redis.call('XRANGE', ARGV[i], '(' .. ARGV[i + 1], '+', 'COUNT', ARGV[1])
    counts[#counts + 1] = {#entries, #entries > 0 and entries[#entries][1] or ''}
end
return counts
