-- Make records pending again, whatever Roistat is thought to hold of them.
--
-- KEYS  due, parked, reasons, woken
-- ARGV  members
-- Gives {1 where the caller should wake a worker, then 1 (known) or 0 (unknown) each}

local due, parked, reasons, woken = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))

local answer = {0}
for _, member in ipairs(ARGV) do
  local meta = 'roistat:meta:' .. member
  local known = redis.call('EXISTS', meta, 'roistat:state:' .. member) == 2
  if known then
    redis.call('ZREM', parked, member)
    redis.call('HDEL', reasons, member)
    redis.call('HDEL', meta, 'tries', 'delivered', 'refused', 'behind')
    redis.call('HSET', meta, 'since', now)
    redis.call('HINCRBY', meta, 'rev', 1)
    redis.call('PERSIST', meta)
    redis.call('PERSIST', 'roistat:state:' .. member)
    redis.call('ZADD', due, now, member)
  end
  answer[#answer + 1] = known and 1 or 0
end
if #ARGV > 0 and redis.call('SET', woken, 1, 'NX') then
  answer[1] = 1
end
return answer
