-- Let one call through, unless Roistat asked us to wait or too many are on their way.
--
-- KEYS  pause, flying
-- ARGV  call, limit, longest (ms that a call can take), lasts (ms that a call counts)
-- Gives {'paused', ms, code}    all calls wait
--       {'full', ms}            too many calls: how long the first of them counts
--       {'free', rank}          go on; rank is that of the pause which this call probes
--
-- A call counts from here until 'lasts' after its answer came, for in between nobody
-- knows when it reached Roistat. One that never comes back counts as long as it can
-- have taken.
--
-- The first call after a pause is a probe: the pause is prolonged until its answer can
-- be there, so that the others do not run into the same refusal.

local pause, flying = KEYS[1], KEYS[2]
local call, limit, longest, lasts = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local held = redis.call('HMGET', pause, 'until', 'code', 'rank')
if held[1] and tonumber(held[1]) > now then
  return {'paused', tonumber(held[1]) - now, held[2]}
end

redis.call('ZREMRANGEBYSCORE', flying, '-inf', now)
if redis.call('ZCARD', flying) >= limit then
  local first = redis.call('ZRANGE', flying, 0, 0, 'WITHSCORES')
  return {'full', tonumber(first[2]) - now}
end
redis.call('ZADD', flying, string.format('%.0f', now + longest + lasts), call)
redis.call('PEXPIRE', flying, string.format('%.0f', longest + lasts))
if held[1] then
  redis.call('HSET', pause, 'until', string.format('%.0f', now + longest))
end
return {'free', tonumber(held[3] or 0)}
