-- Hold the lease and see what is due; where nothing is, let the lease go in this step.
--
-- KEYS  lease, woken, due, sent
-- ARGV  token, lease (ms), hold (ms), limit, gap (ms), a call's worth
-- Gives {'busy'}                 another drainer holds the lease
--       {'idle'}                 nothing due: the lease is released
--       {'wait', ms}             something may go so soon that the lease is kept
--       {'due', {member, rev, tries, delivered, waits, sent, behind, state}, ...}
--                              no more of each kind than the limit, live changes first
--
-- The wake-up flag is cleared before anything is looked at: a change that comes after
-- this step finds it clear and wakes; one that came before is seen here.
--
-- What is due but does not fill a call waits until `gap` after the last one. Without
-- that, whatever is due at a time of its own (a deal that rested, a retry) would make a
-- call of its own, and what is saved after each such call would be due together for
-- ever after: under a steady load there would be as many calls as Roistat can answer.
--
-- More is looked at than is given, so that a live change is found behind what a backfill
-- made pending before it: whoever does that stops at less (see room).

local lease, woken, due, sent = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, ttl, hold, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local gap, worth = tonumber(ARGV[5]), tonumber(ARGV[6])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local holder = redis.call('GET', lease)
if holder and holder ~= token then
  return {'busy'}
end
redis.call('SET', lease, token, 'PX', ttl)
redis.call('DEL', woken)

local members = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 4 * limit)
if #members == 0 then
  local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
  if first[2] and tonumber(first[2]) - now <= hold then
    return {'wait', tonumber(first[2]) - now}
  end
  redis.call('DEL', lease)
  return {'idle'}
end
local early = tonumber(redis.call('GET', sent) or 0) + gap - now
if #members < worth and early > 0 and early <= hold then
  return {'wait', early}
end

local live, behind = {}, {}
for _, member in ipairs(members) do
  local meta = redis.call('HMGET', 'roistat:meta:' .. member,
    'rev', 'tries', 'delivered', 'waits', 'sent', 'behind')
  if meta[1] then
    local list = meta[6] and behind or live
    list[#list + 1] = {
      member, meta[1], meta[2] or 0, meta[3] or '', meta[4] or 0, meta[5] or 0,
      meta[6] or 0
    }
  else
    redis.call('ZREM', due, member) -- forgotten meanwhile
  end
end

-- Of each kind so many, because they go by different calls, and each should be full.
local answer, given = {'due'}, {}
for _, list in ipairs({live, behind}) do
  for _, record in ipairs(list) do
    local kind = string.match(record[1], '^%a+')
    given[kind] = given[kind] or 0
    if given[kind] < limit then
      local state = redis.call('GET', 'roistat:state:' .. record[1])
      if state then
        record[#record + 1] = state
        answer[#answer + 1] = record
        given[kind] = given[kind] + 1
      else
        redis.call('ZREM', due, record[1])
      end
    end
  end
end
return answer
