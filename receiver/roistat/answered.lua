-- Write down what the answer to a call means for the calls of everybody.
--
-- KEYS  pause, flying
-- ARGV  call, lasts (ms), rank, verdict, code, first (ms), longest (ms)
-- Verdicts: wait (all calls wait, longer at each rank), fine (a pause is over), and
-- nothing, where the answer says nothing of the sort
--
-- Of the calls that were on their way together only the first to be refused begins a
-- pause or prolongs one, and only a probe ends it: the rank must still be the same.

local pause, flying = KEYS[1], KEYS[2]
local call, lasts, rank, verdict = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

redis.call('ZADD', flying, 'XX', string.format('%.0f', now + lasts), call)
if verdict == '' or tonumber(redis.call('HGET', pause, 'rank') or 0) ~= rank then
  return
end
if verdict == 'fine' then
  redis.call('DEL', pause)
  return
end
local wait = math.min(tonumber(ARGV[6]) * 2 ^ rank, tonumber(ARGV[7]))
redis.call('HSET', pause, 'until', string.format('%.0f', now + wait),
  'code', ARGV[5], 'rank', rank + 1)
redis.call('PEXPIRE', pause, string.format('%.0f', wait + 3600000))
