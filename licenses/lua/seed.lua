-- Write a license's leases anew, under its lock: every un-ended session at now + ttl (at the license's end, if that
-- comes first), a marked one at its revoke_at.
-- ARGV: 3 facts of the license, 4 ttl ms, 5 the license's end (database ms) or '', then per session: id, facts,
-- revoke_at (database ms) or ''.
local offset = tonumber(ARGV[2]) - now
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZADD', KEYS[1], offset, gen)
local renewed = now + tonumber(ARGV[4])
if ARGV[5] ~= '' then
  local cap = tonumber(ARGV[5]) - offset
  redis.call('ZADD', KEYS[1], cap, 'cap')
  renewed = math.min(renewed, cap)
end
for i = 6, #ARGV, 3 do
  local deadline = renewed
  if ARGV[i + 2] ~= '' then
    deadline = tonumber(ARGV[i + 2]) - offset
    redis.call('HSET', KEYS[2], 'r:' .. ARGV[i], '1')
  end
  redis.call('ZADD', KEYS[1], deadline, ARGV[i])
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[2], 'lic', ARGV[3])
return {'ok', now}
