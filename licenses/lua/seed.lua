-- Write a license's leases anew, under its lock: every un-ended session at now + ttl (at the license's end, if that
-- comes first): no promise lasts longer, and what the database has saved may be by a clock that has stepped since.
-- ARGV: 3 facts of the license, 4 ttl ms, 5 the license's end (database ms) or '', then per session: id, facts,
-- '1' where it is marked, else ''.
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
  if ARGV[i + 2] ~= '' then redis.call('HSET', KEYS[2], 'r:' .. ARGV[i], '1') end
  redis.call('ZADD', KEYS[1], renewed, ARGV[i])
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[2], 'license', ARGV[3], 'fence', ARGV[2])
return {'ok', now}
