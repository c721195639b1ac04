-- Let marked sessions be renewed again, under the license lock. ARGV: 3 facts of the license, then session ids.
for i = 4, #ARGV do redis.call('HDEL', KEYS[2], 'r:' .. ARGV[i]) end
redis.call('HSET', KEYS[2], 'lic', ARGV[3])
return {'ok', now}
