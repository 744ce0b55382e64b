-- Make records pending that another mapping changes, behind what changes by itself, and
-- note how far the walk over all that is held has come.
--
-- KEYS  due, parked, reasons, remap
-- ARGV  mapping, cursor, next cursor; then members
-- Gives 1, or 0 where the walk has moved on or begun anew: then nothing is done
--
-- The revision rises, so that nobody who planned by the mapping before, be it that the
-- record was pending all along, clears it with that. What Roistat holds is remembered:
-- the plan compares. What was pending keeps its time and its rank, but for what waits for
-- its visit, perhaps for days: Roistat has that by the mapping before, and it goes again
-- now. The round that it was in is repeated, so that no visit is given up the sooner.

local due, parked, reasons, remap = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local walk = redis.call('HMGET', remap, 'mapping', 'cursor')
if walk[1] ~= ARGV[1] or walk[2] ~= ARGV[2] then
  return 0
end
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))

redis.call('HSET', remap, 'cursor', ARGV[3])
for i = 4, #ARGV do
  local member = ARGV[i]
  local meta = 'roistat:meta:' .. member
  if redis.call('EXISTS', meta, 'roistat:state:' .. member) == 2 then
    redis.call('HINCRBY', meta, 'rev', 1)
    local held = redis.call('HMGET', meta, 'waits', 'tries')
    local waiting = redis.call('ZSCORE', due, member)
    if not waiting then
      redis.call('HSET', meta, 'since', now, 'behind', 1)
      redis.call('HDEL', meta, 'tries', 'refused')
      redis.call('ZREM', parked, member)
      redis.call('HDEL', reasons, member)
      redis.call('ZADD', due, now, member)
    elseif held[1] and not held[2] and tonumber(waiting) > tonumber(now) then
      redis.call('HINCRBY', meta, 'waits', -1)
      redis.call('HSET', meta, 'behind', 1)
      redis.call('ZADD', due, now, member)
    end
  end
end
return 1
