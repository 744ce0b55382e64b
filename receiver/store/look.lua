-- Hold the lease and see what is due; where nothing is, let the lease go in this step.
--
-- KEYS  lease, woken, due
-- ARGV  token, lease (ms), hold (ms), limit
-- Gives {'busy'}                 another drainer holds the lease
--       {'idle'}                 nothing due: the lease is released
--       {'wait', ms}             something is due so soon that the lease is kept
--       {'due', {member, rev, tries, delivered, state}, ...}
--
-- The wake-up flag is cleared before anything is looked at: a change that comes after
-- this step finds it clear and wakes; one that came before is seen here.

local lease, woken, due = KEYS[1], KEYS[2], KEYS[3]
local token, ttl, hold, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local holder = redis.call('GET', lease)
if holder and holder ~= token then
  return {'busy'}
end
redis.call('SET', lease, token, 'PX', ttl)
redis.call('DEL', woken)

local members = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, limit)
if #members == 0 then
  local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
  if first[2] and tonumber(first[2]) - now <= hold then
    return {'wait', tonumber(first[2]) - now}
  end
  redis.call('DEL', lease)
  return {'idle'}
end

local answer = {'due'}
for _, member in ipairs(members) do
  local name = 'roistat:meta:' .. member
  local meta = redis.call('HMGET', name, 'rev', 'tries', 'delivered')
  local state = redis.call('GET', 'roistat:state:' .. member)
  if meta[1] and state then
    answer[#answer + 1] = {member, meta[1], meta[2] or 0, meta[3] or '', state}
  else
    redis.call('ZREM', due, member) -- forgotten meanwhile
  end
end
return answer
