-- Write down what became of a lead.
--
-- ARGV  token, lease (ms), id, state, delay (ms), reason, deal, url, age (s)
-- Gives 0 where the lease is not the caller's, or the lead does not wait any more: then
-- somebody else has decided, or will
--
-- The state is sent, noted, kept or parked, which end it; or waiting, to be tried again
-- after the delay.

local token, ttl, id, state, delay = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local reason, deal, url, age = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local lead = 'roistat:lead:' .. id
local held = redis.call('HMGET', lead, 'state', 'arrived')
if redis.call('GET', 'roistat:leads:lease') ~= token or held[1] ~= 'waiting' then
  return 0
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

redis.call('PEXPIRE', 'roistat:leads:lease', ttl)
redis.call('HSET', lead, 'reason', reason)
if state == 'waiting' then
  local at = string.format('%.0f', now + delay)
  redis.call('HINCRBY', lead, 'tries', 1)
  redis.call('HSET', lead, 'due', at)
  redis.call('ZADD', 'roistat:leads:due', at, id)
  return 1
end
redis.call('HSET', lead, 'state', state, 'deal', deal, 'url', url)
redis.call('HDEL', lead, 'due')
redis.call('EXPIRE', lead, age)
redis.call('ZREM', 'roistat:leads:due', id)
redis.call('ZREM', 'roistat:leads:waiting', id)
redis.call('ZADD', 'roistat:leads:' .. state, held[2], id)
redis.call('ZADD', 'roistat:leads:ended', string.format('%.0f', now), id)
return 1
