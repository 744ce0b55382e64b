-- Keep a lead, for good once this is answered.
--
-- ARGV  id, state (waiting, or kept where it never goes to the CRM), age (s), body
-- Gives 1 where the caller should wake a worker; a lead that is held already stays as
-- it is
--
-- The first write must be one that a full store refuses, and this is one.

local id, state, age, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lead = 'roistat:lead:' .. id
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))

if redis.call('HSETNX', lead, 'body', body) == 0 then
  return 0
end
redis.call('HSET', lead, 'state', state, 'arrived', now)
redis.call('ZADD', 'roistat:leads', now, id)
redis.call('ZADD', 'roistat:leads:' .. state, now, id)
if state ~= 'waiting' then
  redis.call('EXPIRE', lead, age)
  redis.call('ZADD', 'roistat:leads:ended', now, id)
  return 0
end
redis.call('ZADD', 'roistat:leads:due', now, id)
return redis.call('SET', 'roistat:leads:woken', 1, 'NX') and 1 or 0
