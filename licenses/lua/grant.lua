-- Put or extend one lease, under the license lock.
-- ARGV: 3 facts of the license, 4 ttl ms, 5 session, 6 its facts, 7 '1' where it is marked, else '',
-- 8 the license's end (database ms) or ''.
cap_at(ARGV[8])
local deadline = renewed(ARGV[4])
local old = deadline_of(ARGV[5], ARGV[4])
if ARGV[7] ~= '' then
  deadline = old or deadline
  redis.call('HSET', KEYS[2], 'r:' .. ARGV[5], '1')
else
  if old and old > deadline then deadline = old end
  redis.call('HDEL', KEYS[2], 'r:' .. ARGV[5])
end
redis.call('ZADD', KEYS[1], deadline, ARGV[5])
redis.call('HSET', KEYS[2], ARGV[5], ARGV[6], 'license', ARGV[3], 'fence', ARGV[2])
return {'ok', now, deadline + offset}
