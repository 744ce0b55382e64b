-- Take states of deals and clients, all of them in one atomic step.
--
-- KEYS  due, parked, reasons, woken, sent, turns, counts, told, rush
-- ARGV  gap, rest, longest (ms), how many within how many ms are a rush;
--       then for each record: member, fence, digest, state
-- Gives {1 where the caller should wake a worker, then 1 (taken) or 0 (ignored) each}
--
-- The fence: older is ignored; the same moment with the same content is ignored; the
-- same moment with other content is taken. Unchanged content moves the fence and
-- leaves the rest alone. Fences have 16 digits, which a double holds exactly, but
-- tostring() does not: what is written is always the text that came in.
--
-- 'moved' is the turn, counted over all records, at which somebody last told of this
-- one: what was read from the CRM before then must not be written over it (see pull).

local due, parked, reasons, woken, sent = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local turns, counts, this_turn = KEYS[6], KEYS[7], nil
local told, rush = KEYS[8], KEYS[9]
local gap, rest, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local many, span = tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Whether so much is told at the moment that it is an import or the like, or was until
-- just now. Told is what comes, taken or not. A full store counts nothing: it refuses
-- what follows.
local function is_rush(number)
  local count = redis.pcall('INCRBY', told, number)
  if type(count) ~= 'number' then
    return false
  end
  if count == number then
    redis.call('PEXPIRE', told, span)
  end
  if count >= many then
    redis.call('SET', rush, 1, 'PX', 2 * span)
  end
  return redis.call('EXISTS', rush) == 1
end
local in_rush = is_rush((#ARGV - 5) / 4)

-- Coalescing. A quiet deal is due at once, or `gap` after the last call, so that what
-- comes meanwhile shares the next one. A deal that changes again while it waits is left
-- to rest, but never longer than `longest` since it began to wait. In a rush each deal
-- waits so long: it is likely to be saved again, and calls are what there is least of.
-- A deal that waits for a failure to pass keeps its time. Gives when it is due, and
-- since when it waits.
local function schedule(member, since, tries)
  local waiting = redis.call('ZSCORE', due, member)
  since = waiting and tonumber(since or now) or now
  if waiting and tries then
    return tonumber(waiting), since
  end
  if in_rush then
    return since + longest, since
  end
  if not waiting then
    return math.max(now, tonumber(redis.call('GET', sent) or 0) + gap), since
  end
  return math.min(now + rest, since + longest), since
end

local function text(number)
  return string.format('%.0f', number)
end

-- The first write of all must be one that a full store refuses, and this is one: a
-- script that has begun to write, be it only to remove something, is let through to its
-- end.
local function turn()
  this_turn = this_turn or redis.call('INCR', turns)
  return text(this_turn)
end

local counted = {}
local function count(what, member)
  local kind = string.match(member, '^%a+')
  local field = what .. '{kind=' .. kind .. '}'
  counted[field] = (counted[field] or 0) + 1
end

local answer, changed = {0}, false
for i = 6, #ARGV, 4 do
  local member, fence, digest, state = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local meta = 'roistat:meta:' .. member
  local held = redis.call('HMGET', meta,
    'fence', 'digest', 'rev', 'since', 'tries', 'behind', 'waits')
  if held[1] and tonumber(fence) < tonumber(held[1]) then
    count('ignored', member)
    answer[#answer + 1] = 0
  elseif held[2] == digest then
    redis.call('HSET', meta, 'fence', fence, 'moved', turn())
    count('ignored', member)
    answer[#answer + 1] = 0
  else
    local is_parked = redis.call('ZSCORE', parked, member)
    local at, since = schedule(member, held[4], held[5] and not is_parked)
    if held[6] then
      since = now -- what was behind begins to wait as a live change
    end
    redis.call('HSET', meta, 'fence', fence, 'moved', turn(), 'digest', digest,
      'rev', text((held[3] or 0) + 1), 'since', text(since))
    redis.call('SET', 'roistat:state:' .. member, state)
    redis.call('PERSIST', meta)
    redis.call('ZADD', due, text(at), member)
    if is_parked then
      redis.call('ZREM', parked, member)
      redis.call('HDEL', reasons, member)
      redis.call('HDEL', meta, 'tries', 'refused')
    end
    if held[6] or held[7] then
      redis.call('HDEL', meta, 'behind', 'waits') -- live, and perhaps another visit
    end
    changed = true
    count('accepted', member)
    answer[#answer + 1] = 1
  end
end

-- A full store takes no counts, and what was ignored was ignored all the same.
for field, by in pairs(counted) do
  redis.pcall('HINCRBY', counts, field, by)
end

if changed and redis.call('SET', woken, 1, 'NX') then
  answer[1] = 1
end
return answer
