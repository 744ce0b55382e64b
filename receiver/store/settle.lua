-- Settle an attempt: write down what came of it, and clear what it has done.
--
-- KEYS  due, parked, reasons
-- ARGV  attempt ('' where no call was needed), confirm (ms), tombstone age (s);
--       then for each record: member, rev, verdict, digest, delay (ms), entry, reason,
--       note ('' where there is nothing to say of a success)
-- Verdicts: delivered, gone (a deletion is delivered), retry, unknown, refused; and,
-- which do not count as failures, later: not even tried, and waiting: for its visit
-- Gives for each record 1 where this attempt decided it, 0 where it had moved on
--
-- Pending is cleared only if the revision is the one the attempt was opened with and
-- the attempt is still its own. Otherwise the revision rises, so that nobody else who
-- is under way clears it either, and the deal stays pending.
--
-- 'unsure' is the digest of an earlier push of unknown outcome, '*' where several
-- differ. Until the time in 'until' it may still land, after a later push: a success
-- with other content before then is followed by one confirming push at that time.

local due, parked, reasons = KEYS[1], KEYS[2], KEYS[3]
local attempt, confirm, tombstone = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function at(ms)
  return string.format('%.0f', now + ms)
end

local function complete_history(member, entry)
  local history = 'roistat:history:' .. member
  for index, held in ipairs(redis.call('LRANGE', history, 0, -1)) do
    if string.sub(held, 1, #attempt + 1) == attempt .. ' ' then
      redis.call('LSET', history, index - 1, attempt .. ' ' .. entry)
      return
    end
  end
end

-- Whether no earlier push can still undo this one.
local function sure(held, digest)
  return not held[3] or held[3] == digest or now >= tonumber(held[4])
end

-- What there is to say of a deal that Roistat has, for whoever asks: one note at most.
local function take_down(meta, member, note, before)
  if before and before ~= note then
    redis.call('SREM', 'roistat:noted:' .. before, member)
    redis.call('HDEL', meta, 'note')
  end
  if note ~= '' and before ~= note then
    redis.call('SADD', 'roistat:noted:' .. note, member)
    redis.call('HSET', meta, 'note', note)
  end
end

local function delivered(meta, member, digest, verdict, held, note)
  redis.call('HDEL', reasons, member)
  take_down(meta, member, note, held[5])
  if not sure(held, digest) then
    redis.call('HDEL', meta, 'tries', 'waits')
    redis.call('ZADD', due, held[4], member)
    return
  end
  redis.call('HDEL', meta, 'tries', 'waits', 'unsure', 'until', 'since', 'behind')
  redis.call('HSET', meta, 'delivered', digest)
  redis.call('ZREM', due, member)
  if verdict == 'gone' then
    redis.call('EXPIRE', meta, tombstone)
    redis.call('EXPIRE', 'roistat:state:' .. member, tombstone)
  end
end

-- The record moved under this attempt, or another drainer took it: it stays pending.
local function moved(meta, member, digest, held, mine, success)
  redis.call('HINCRBY', meta, 'rev', 1)
  redis.call('ZADD', due, 'NX', at(0), member)
  redis.call('ZREM', parked, member)
  if mine and success then
    redis.call('HSET', meta, 'since', at(0))
    redis.call('HDEL', meta, 'tries')
    if sure(held, digest) then
      redis.call('HDEL', meta, 'unsure', 'until')
      redis.call('HSET', meta, 'delivered', digest)
    end
  elseif not mine then
    redis.call('HDEL', meta, 'delivered')
  end
end

local function failed(meta, member, verdict, digest, delay, reason)
  redis.call('HSET', reasons, member, reason)
  if verdict == 'waiting' then
    redis.call('HINCRBY', meta, 'waits', 1)
    redis.call('HDEL', meta, 'tries') -- so that an edit need not wait
    redis.call('ZADD', due, at(delay), member)
  elseif verdict == 'refused' then
    redis.call('HSET', meta, 'refused', digest)
    redis.call('ZREM', due, member)
    redis.call('ZADD', parked, at(0), member)
  else
    if verdict ~= 'later' then
      redis.call('HINCRBY', meta, 'tries', 1)
    end
    redis.call('ZADD', due, at(delay), member)
  end
end

local function close(meta, verdict, digest, unsure)
  redis.call('HDEL', meta, 'attempt', 'sending')
  if verdict == 'unknown' then
    local same = not unsure or unsure == digest
    redis.call('HSET', meta, 'unsure', same and digest or '*', 'until', at(confirm))
  end
end

local answer = {}
for i = 4, #ARGV, 8 do
  local member, rev, verdict, digest = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local delay, entry = tonumber(ARGV[i + 4]), ARGV[i + 5]
  local reason, note = ARGV[i + 6], ARGV[i + 7]
  local meta = 'roistat:meta:' .. member
  local held = redis.call('HMGET', meta, 'rev', 'attempt', 'unsure', 'until', 'note')
  local mine = (held[2] or '') == attempt
  local success = verdict == 'delivered' or verdict == 'gone'

  if attempt ~= '' then
    complete_history(member, entry)
    if mine then
      close(meta, verdict, digest, held[3])
    end
  end

  local decided = mine and held[1] == rev
  if not decided then
    moved(meta, member, digest, held, mine, success)
  elseif success then
    delivered(meta, member, digest, verdict, held, note)
  else
    failed(meta, member, verdict, digest, delay, reason)
  end
  answer[#answer + 1] = decided and 1 or 0
end
return answer
