-- Keep the lease for `ttl` more milliseconds, or let it go where that is 0.
-- KEYS  lease    ARGV  token, ttl    Gives 0 where the lease is not the caller's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  return redis.call('DEL', KEYS[1])
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
