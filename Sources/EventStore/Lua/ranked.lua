-- A page of a ranking: of a sorted set, in the order of its scores, and of its members' bytes where these are equal.
--
-- KEYS[1]  the shop's clock (it only says which node of a cluster)
-- ARGV     ranking-key, '1' (forwards) or '0' (backwards), how many at most, and where the page before ended:
--          score, member; without these, from the beginning
-- Returns  {member, score, …}

local key, is_forwards, count, score, member = ARGV[1], ARGV[2] == '1', tonumber(ARGV[3]), ARGV[4], ARGV[5]

-- As Redis orders members. Lua's own comparison goes by the language of the system.
local function before(a, b)
    for i = 1, math.min(#a, #b) do
        local x, y = string.byte(a, i), string.byte(b, i)
        if x ~= y then return x < y end
    end
    return #a < #b
end

-- How many stand before the place, or at it where asked so: found by halving among those of the same score, so that it
-- matters neither how many these are nor whether somebody still stands at the place.
local function rank(is_inclusive)
    local low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
    local high = redis.call('ZCOUNT', key, '-inf', score)
    while low < high do
        local middle = math.floor((low + high) / 2)
        local found = redis.call('ZRANGE', key, middle, middle)[1]
        if before(found, member) or is_inclusive and found == member then
            low = middle + 1
        else
            high = middle
        end
    end
    return low
end

if is_forwards then
    local first = score and rank(true) or 0
    return redis.call('ZRANGE', key, first, first + count - 1, 'WITHSCORES')
end
local size = redis.call('ZCARD', key)
local first = size - (score and rank(false) or size)
return redis.call('ZRANGE', key, first, first + count - 1, 'REV', 'WITHSCORES')
