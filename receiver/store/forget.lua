-- Forget records wholly, as if nobody had ever told of them.
--
-- KEYS  due, parked, reasons    ARGV  members

for _, member in ipairs(ARGV) do
  local meta = 'roistat:meta:' .. member
  local note = redis.call('HGET', meta, 'note')
  if note then
    redis.call('SREM', 'roistat:noted:' .. note, member)
  end
  redis.call('DEL', meta, 'roistat:state:' .. member, 'roistat:history:' .. member)
  redis.call('ZREM', KEYS[1], member)
  redis.call('ZREM', KEYS[2], member)
  redis.call('HDEL', KEYS[3], member)
end
