-- What is held of some members, each as it stands now.
--
-- KEYS  due, parked
-- ARGV  members
-- Gives {member, rev, tries, known, waits, sent, behind, state, standing} for each that
-- is held. 'known' is the digest of what Roistat holds of it, or, of a parked one, of
-- what it refused.
-- Standing: settled, pending, parked

local due, parked = KEYS[1], KEYS[2]
local answer = {}
for _, member in ipairs(ARGV) do
  local meta = redis.call('HMGET', 'roistat:meta:' .. member,
    'rev', 'tries', 'delivered', 'refused', 'waits', 'sent', 'behind')
  local state = redis.call('GET', 'roistat:state:' .. member)
  if meta[1] and state then
    local standing, known = 'settled', meta[3]
    if redis.call('ZSCORE', due, member) then
      standing = 'pending'
    elseif redis.call('ZSCORE', parked, member) then
      standing, known = 'parked', meta[4]
    end
    answer[#answer + 1] = {
      member, meta[1], meta[2] or 0, known or '', meta[5] or 0, meta[6] or 0,
      meta[7] or 0, state, standing
    }
  end
end
return answer
