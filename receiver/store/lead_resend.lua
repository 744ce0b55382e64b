-- Make leads wait again, due at once, whatever became of them; what was noted of how
-- far they had come is forgotten, for it may no longer hold.
--
-- ARGV  ids
-- Gives {1 where the caller should wake a worker, then 1 (known) or 0 (unknown) each}

local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))

local answer, is_any = {0}, false
for _, id in ipairs(ARGV) do
  local lead = 'roistat:lead:' .. id
  local held = redis.call('HMGET', lead, 'state', 'arrived')
  if held[1] then
    redis.call('HSET', lead, 'state', 'waiting', 'resent', 1)
    for _, name in ipairs(redis.call('HKEYS', lead)) do
      if string.sub(name, 1, 9) == 'progress:' then
        redis.call('HDEL', lead, name)
      end
    end
    redis.call('HDEL', lead, 'tries', 'reason', 'due')
    redis.call('PERSIST', lead)
    redis.call('ZREM', 'roistat:leads:' .. held[1], id)
    redis.call('ZREM', 'roistat:leads:ended', id)
    redis.call('ZADD', 'roistat:leads:waiting', held[2], id)
    redis.call('ZADD', 'roistat:leads:due', now, id)
    is_any = true
  end
  answer[#answer + 1] = held[1] and 1 or 0
end
if is_any and redis.call('SET', 'roistat:leads:woken', 1, 'NX') then
  answer[1] = 1
end
return answer
