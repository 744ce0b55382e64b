-- Note how far a lead has come, and keep the lease for one more step.
--
-- ARGV  token, lease (ms), id; then names and values
-- Gives 0 where the lease is not the caller's, or the lead does not wait any more

local lead = 'roistat:lead:' .. ARGV[3]
if redis.call('GET', 'roistat:leads:lease') ~= ARGV[1]
  or redis.call('HGET', lead, 'state') ~= 'waiting' then
  return 0
end
redis.call('PEXPIRE', 'roistat:leads:lease', ARGV[2])
for i = 4, #ARGV, 2 do
  redis.call('HSET', lead, 'progress:' .. ARGV[i], ARGV[i + 1])
end
return 1
