-- Make records pending that another mapping changes, behind what changes by itself, and
-- note how far the walk over all that is held has come.
--
-- KEYS  due, parked, reasons, remap
-- ARGV  mapping, cursor, next cursor; then members
-- Gives 1, or 0 where the walk has moved on or begun anew: then nothing is done
--
-- The revision rises, so that nobody who planned by the mapping before, be it that the
-- record was pending all along, clears it with that. What Roistat holds is remembered:
-- the plan compares. What was pending keeps its time and its rank.

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
    if not redis.call('ZSCORE', due, member) then
      redis.call('HSET', meta, 'since', now, 'behind', 1)
      redis.call('HDEL', meta, 'tries', 'refused')
      redis.call('ZREM', parked, member)
      redis.call('HDEL', reasons, member)
      redis.call('ZADD', due, now, member)
    end
  end
end
return 1
