-- Remove leases of sessions about to end, under the license lock. ARGV: 3 facts of the license, then session ids.
for i = 4, #ARGV do
  redis.call('ZREM', KEYS[1], ARGV[i])
  redis.call('HDEL', KEYS[2], ARGV[i], 'r:' .. ARGV[i])
end
redis.call('HSET', KEYS[2], 'license', ARGV[3], 'fence', ARGV[2])
return {'ok', now}
