-- Forget leads wholly, whatever their state; who is sending one loses it (see step).
--
-- ARGV  ids

for _, id in ipairs(ARGV) do
  redis.call('DEL', 'roistat:lead:' .. id)
  for _, name in ipairs({'', ':due', ':ended', ':waiting', ':sent', ':noted', ':kept',
    ':parked'}) do
    redis.call('ZREM', 'roistat:leads' .. name, id)
  end
end
