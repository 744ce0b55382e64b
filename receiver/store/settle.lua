-- Settle an attempt: write down what came of it, and clear what it has done.
--
-- KEYS  due, parked, reasons, counts, delivered, listed, index
-- ARGV  attempt ('' where no call was needed), confirm (ms), tombstone age (s),
--       bounds (ms), age of an hour's histogram (s), how many deals are listed at most;
--       then for each record: member, rev, verdict, digest, delay (ms), entry, reason,
--       note ('' where there is nothing to say of a success), what it is found by (''
--       of what is not listed, see index.py)
-- Verdicts: delivered, gone (a deletion is delivered), retry, unknown, refused; and,
-- which do not count as failures, later: not even tried, and waiting: for its visit
-- Gives for each record 1 where this attempt decided it, 0 where it had moved on
--
-- Pending is cleared only if the revision is the one the attempt was opened with and
-- the attempt is still its own. Otherwise the revision rises, so that nobody else who
-- is under way clears it either, and the deal stays pending. Where nothing was sent
-- there is nothing to clear up: then the record is left as whoever moved it has it.
--
-- 'unsure' is the digest of an earlier push of unknown outcome, '*' where several
-- differ. Until the time in 'until' it may still land, after a later push: a success
-- with other content before then is followed by one confirming push at that time. A
-- success with the same content settles at once, but 'unsure' stays: the next content
-- may still be met by it.
--
-- A drainer that was replaced and comes back takes the attempt, if there is one, from
-- whoever is sending: nobody knows whose push came last.
--
-- 'since' is when a change began to wait, until Roistat has it: that is how long it
-- took. What only waits for its visit, or is to be confirmed, is there already.

local due, parked, reasons = KEYS[1], KEYS[2], KEYS[3]
local counts, last_delivered, listed, index = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local attempt, confirm, tombstone = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local bounds, age, most = ARGV[4], ARGV[5], tonumber(ARGV[6])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function at(ms)
  return string.format('%.0f', now + ms)
end

local counted, took, arrived = {}, {}, false

local function add(to, field, by)
  to[field] = (to[field] or 0) + by
end

local function bound_of(ms)
  for bound in string.gmatch(bounds, '%d+') do
    if ms <= tonumber(bound) then
      return bound
    end
  end
  return 'more'
end

-- Of an attempt of our own: what came of it, and how long a live change took.
local function count(member, verdict, since, behind)
  local kind = string.match(member, '^%a+')
  if attempt == '' and (verdict == 'delivered' or verdict == 'gone') then
    add(counted, 'settled{kind=' .. kind .. ',outcome=unchanged}', 1)
    return
  end
  add(counted, 'settled{kind=' .. kind .. ',outcome=' .. verdict .. '}', 1)
  if verdict == 'delivered' or verdict == 'gone' or verdict == 'waiting' then
    arrived = true
    if since and not behind then
      local ms = math.max(0, now - tonumber(since))
      add(took, bound_of(ms), 1)
      add(took, 'sum', ms)
    end
  end
end

-- Last of all, and whatever a full store says to it.
local function write_counts()
  for field, by in pairs(counted) do
    redis.pcall('HINCRBY', counts, field, by)
  end
  if arrived then
    redis.pcall('SET', last_delivered, at(0))
  end
  local hour = 'roistat:fresh:' .. string.format('%.0f', math.floor(now / 3600000))
  for field, by in pairs(took) do
    redis.pcall('HINCRBY', hour, field, string.format('%.0f', by))
    redis.pcall('HINCRBY', 'roistat:fresh:all', field, string.format('%.0f', by))
  end
  if next(took) then
    redis.pcall('EXPIRE', hour, age)
  end
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

-- Forget an earlier push only when it cannot land any more.
local function forget_unsure(meta, held)
  if held[4] and now >= tonumber(held[4]) then
    redis.call('HDEL', meta, 'unsure', 'until')
  end
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
  redis.call('HDEL', meta, 'since')
  redis.call('HDEL', reasons, member)
  take_down(meta, member, note, held[5])
  if not sure(held, digest) then
    redis.call('HDEL', meta, 'tries', 'waits')
    redis.call('ZADD', due, held[4], member)
    return
  end
  redis.call('HDEL', meta, 'tries', 'waits', 'behind')
  forget_unsure(meta, held)
  redis.call('HSET', meta, 'delivered', digest)
  redis.call('ZREM', due, member)
  if verdict == 'gone' then
    redis.call('EXPIRE', meta, tombstone)
    redis.call('EXPIRE', 'roistat:state:' .. member, tombstone)
  end
end

-- The record moved under this attempt, or another drainer took it: it stays pending.
local function moved(meta, member, verdict, digest, held, mine, success)
  redis.call('HINCRBY', meta, 'rev', 1)
  redis.call('ZADD', due, 'NX', at(0), member)
  redis.call('ZREM', parked, member)
  if mine and success then
    redis.call('HSET', meta, 'since', at(0))
    redis.call('HDEL', meta, 'tries')
    if sure(held, digest) then
      forget_unsure(meta, held)
      redis.call('HSET', meta, 'delivered', digest)
    end
  elseif not mine then
    redis.call('HDEL', meta, 'delivered')
    if held[2] then
      redis.call('HSET', meta, 'attempt', '*')
    end
    if verdict == 'unknown' then
      redis.call('HSET', meta, 'unsure', '*', 'until', at(confirm))
    end
  end
end

local function failed(meta, member, verdict, digest, delay, reason)
  redis.call('HSET', reasons, member, reason)
  if verdict == 'waiting' then
    redis.call('HINCRBY', meta, 'waits', 1)
    -- so that an edit need not wait, and is measured for itself
    redis.call('HDEL', meta, 'tries', 'since')
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

-- The entries of the index that a deal is found by: of its visit, and of its name.
local function entries(id, found)
  local visit, name = string.match(found or '', '^([^\n]*)\n(.*)$')
  local made = {}
  if visit and visit ~= '' then
    made[#made + 1] = 'v:' .. visit .. '\0' .. id
  end
  if name and name ~= '' then
    made[#made + 1] = 'n:' .. name .. '\0' .. id
  end
  return made
end

local function list(meta, member, found, before)
  local id = string.sub(member, 6) -- without deal:
  redis.call('ZADD', listed, at(0), id)
  if found == before then
    return
  end
  for _, entry in ipairs(entries(id, before)) do
    redis.call('ZREM', index, entry)
  end
  for _, entry in ipairs(entries(id, found)) do
    redis.call('ZADD', index, 0, entry)
  end
  redis.call('HSET', meta, 'found', found)
end

-- What is listed beyond the most goes from the list, the oldest first.
local function unlist()
  local over = redis.call('ZCARD', listed) - most
  if over <= 0 then
    return
  end
  local ids = redis.call('ZRANGE', listed, 0, over - 1)
  for _, id in ipairs(ids) do
    local meta = 'roistat:meta:deal:' .. id
    for _, entry in ipairs(entries(id, redis.call('HGET', meta, 'found') or nil)) do
      redis.call('ZREM', index, entry)
    end
    redis.call('HDEL', meta, 'found')
  end
  redis.call('ZREMRANGEBYRANK', listed, 0, over - 1)
end

local answer = {}
for i = 7, #ARGV, 9 do
  local member, rev, verdict, digest = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local delay, entry = tonumber(ARGV[i + 4]), ARGV[i + 5]
  local reason, note, found = ARGV[i + 6], ARGV[i + 7], ARGV[i + 8]
  local meta = 'roistat:meta:' .. member
  local held = redis.call('HMGET', meta,
    'rev', 'attempt', 'unsure', 'until', 'note', 'since', 'behind', 'found')
  local mine = (held[2] or '') == attempt
  local success = verdict == 'delivered' or verdict == 'gone'
  local decided = mine and held[1] == rev

  -- Of what was not sent, and has moved, whoever moved it says what is held.
  if decided or attempt ~= '' then
    if attempt ~= '' then
      complete_history(member, entry)
      if mine then
        close(meta, verdict, digest, held[3])
      end
    end
    if mine then
      count(member, verdict, held[6], held[7])
    end
    if not decided then
      moved(meta, member, verdict, digest, held, mine, success)
    elseif success then
      delivered(meta, member, digest, verdict, held, note)
    else
      failed(meta, member, verdict, digest, delay, reason)
    end
    if found ~= '' and held[1] then
      list(meta, member, found, held[8])
    end
  end
  answer[#answer + 1] = decided and 1 or 0
end
unlist()
write_counts()
return answer
