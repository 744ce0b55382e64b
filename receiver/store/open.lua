-- Open an attempt: the last step before a call, and the first trace of it.
--
-- KEYS  lease, sent
-- ARGV  token, lease (ms), attempt, confirm (ms), history kept, history age (s);
--       then for each record: member, rev, digest of what is about to be sent, entry
-- Gives false where the lease is lost, else for each record the revision that its
-- settle must still find, or -1 where the record has moved since it was looked at
--
-- An attempt that is still open here belongs to a drainer that died or sleeps. It is
-- adopted: the revision rises, so that the other's settle clears nothing, and what it
-- may have sent is remembered, for it may yet land after ours ('unsure', see settle).

local lease, sent = KEYS[1], KEYS[2]
local token, ttl, attempt, confirm = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local kept, age = ARGV[5], ARGV[6]
if redis.call('GET', lease) ~= token then
  return false
end
redis.call('PEXPIRE', lease, ttl)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('SET', sent, string.format('%.0f', now))

local answer = {}
for i = 7, #ARGV, 4 do
  local member, rev, digest, entry = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local meta = 'roistat:meta:' .. member
  local held = redis.call('HMGET', meta, 'rev', 'attempt', 'sending', 'unsure')
  if held[1] ~= rev then
    answer[#answer + 1] = -1
  else
    if held[2] then
      rev = redis.call('HINCRBY', meta, 'rev', 1)
      local same = not held[4] or held[4] == held[3]
      local until_ms = string.format('%.0f', now + confirm)
      redis.call('HSET', meta, 'unsure', same and held[3] or '*', 'until', until_ms)
    end
    redis.call('HSET', meta, 'attempt', attempt, 'sending', digest, 'sent', 1)
    redis.call('HDEL', meta, 'delivered')
    local history = 'roistat:history:' .. member
    redis.call('LPUSH', history, attempt .. ' ' .. entry)
    redis.call('LTRIM', history, 0, kept - 1)
    redis.call('EXPIRE', history, age)
    answer[#answer + 1] = tonumber(rev)
  end
end
return answer
