-- Take states that were read from the CRM, behind what changes by itself, and note how
-- far the walk that read them has come.
--
-- KEYS  due, parked, reasons, woken, turns, walk
-- ARGV  turn (before the read began), step ('' for no walk), the walk as it is now; then
--       for each record: member, fence, digest, digest of its deletion ('' of a client),
--       count ('1' where the walk counts what comes of it), again, state
-- Gives false where the walk has moved on or begun anew: then nothing is done. Else {1
-- where the caller should wake a worker, then for each record what came of it:
-- new, changed, deleted, restored (these are taken), same, older, absent}
--
-- What somebody told of since the read began is let alone, and so is what is newer by
-- its fence: the read may show what was before that. Unchanged content moves the fence
-- and leaves the rest alone, unless it is to go 'again': Roistat was seen to hold
-- something else. Of a deal that is deleted and was never held there is nothing to say.

local due, parked, reasons, woken = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local turns, walk = KEYS[5], KEYS[6]
local before, step = tonumber(ARGV[1]), ARGV[2]
if step ~= '' and redis.call('HGET', walk, 'step') ~= step then
  return false
end
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
-- the first write of all must be one that a full store refuses (see put)
local turn = string.format('%.0f', redis.call('INCR', turns))
if step ~= '' then
  redis.call('HSET', walk, 'step', string.format('%.0f', step + 1), 'walk', ARGV[3])
end

-- What was never held, as almost all of a first backfill, has nothing to be cleared.
local function take_new(member, meta, fence, digest, state)
  redis.call('HSET', meta, 'fence', fence, 'moved', turn, 'digest', digest,
    'rev', 1, 'since', now, 'behind', 1)
  redis.call('SET', 'roistat:state:' .. member, state)
  redis.call('ZADD', due, now, member)
end

local function take(member, meta, fence, digest, state)
  redis.call('HSET', meta, 'fence', fence, 'moved', turn, 'digest', digest)
  redis.call('HINCRBY', meta, 'rev', 1)
  redis.call('SET', 'roistat:state:' .. member, state)
  redis.call('PERSIST', meta)
  redis.call('HDEL', meta, 'waits') -- perhaps another visit
  if redis.call('ZSCORE', due, member) then
    if redis.call('HEXISTS', meta, 'tries') == 0 then
      redis.call('ZADD', due, 'LT', now, member)
    end
  else
    redis.call('HSET', meta, 'since', now, 'behind', 1)
    redis.call('HDEL', meta, 'tries', 'refused')
    redis.call('ZREM', parked, member)
    redis.call('HDEL', reasons, member)
    redis.call('ZADD', due, now, member)
  end
end

local function cause(held, digest, gone)
  if digest == gone then
    return 'deleted'
  end
  return not held and 'new' or held == gone and 'restored' or 'changed'
end

local answer, changed, found = {0}, false, {}
for i = 4, #ARGV, 7 do
  local member, fence, digest, gone = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local counts, again, state = ARGV[i + 4], ARGV[i + 5], ARGV[i + 6]
  local meta = 'roistat:meta:' .. member
  local held = redis.call('HMGET', meta, 'fence', 'digest', 'moved')
  local outcome
  if held[1] and (tonumber(fence) < tonumber(held[1])
      or tonumber(held[3] or 0) > before) then
    outcome = 'older'
  elseif again == '' and held[2] == digest then
    redis.call('HSET', meta, 'fence', fence, 'moved', turn)
    outcome = 'same'
  elseif again == '' and not held[1] and digest == gone then
    outcome = 'absent'
  else
    outcome = cause(held[2], digest, gone)
    if again ~= '' then
      redis.call('HDEL', meta, 'delivered', 'refused')
      redis.call('HSET', meta, 'sent', 1)
    end
    local put = held[1] and take or take_new
    put(member, meta, fence, digest, state)
    if counts == '1' then
      found[outcome] = (found[outcome] or 0) + 1
    end
    changed = true
  end
  answer[#answer + 1] = outcome
end

for outcome, number in pairs(found) do
  redis.call('HINCRBY', walk, outcome, number)
end
if changed and redis.call('SET', woken, 1, 'NX') then
  answer[1] = 1
end
return answer
