-- Hold the lease and take the lead that is due first; where none is, let the lease go
-- in this step.
--
-- ARGV  token, lease (ms), hold (ms), age (ms)
-- Gives {'busy'}               somebody else holds the lease
--       {'idle'}               nothing is due: the lease is released
--       {'wait', ms}           one will be due so soon that the lease is kept
--       {'due', id, name, value, ...}   all that is held of the lead
--
-- The wake-up flag is cleared before anything is looked at: a lead that comes after
-- this step finds it clear and wakes; one that came before is seen here.
--
-- What ended longer than `age` ago is forgotten here, a few at a time: the leads expire
-- by themselves, the lists of them do not.

local lease, due = 'roistat:leads:lease', 'roistat:leads:due'
local token, ttl, hold, age = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local holder = redis.call('GET', lease)
if holder and holder ~= token then
  return {'busy'}
end
redis.call('SET', lease, token, 'PX', ttl)
redis.call('DEL', 'roistat:leads:woken')

local old = redis.call('ZRANGEBYSCORE', 'roistat:leads:ended', '-inf', now - age,
  'LIMIT', 0, 100)
for _, id in ipairs(old) do
  redis.call('DEL', 'roistat:lead:' .. id)
  for _, name in ipairs({'', ':ended', ':sent', ':noted', ':kept', ':parked'}) do
    redis.call('ZREM', 'roistat:leads' .. name, id)
  end
end

while true do
  local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
  local wait = first[2] and tonumber(first[2]) - now
  if not wait or wait > hold then
    redis.call('DEL', lease)
    return {'idle'}
  end
  if wait > 0 then
    return {'wait', wait}
  end
  local held = redis.call('HGETALL', 'roistat:lead:' .. first[1])
  if #held > 0 then
    return {'due', first[1], unpack(held)}
  end
  redis.call('ZREM', due, first[1])
end
