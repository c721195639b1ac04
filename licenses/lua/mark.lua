-- Stop renewing sessions, under the license lock; each keeps what it was promised.
-- ARGV: 3 facts of the license, 4 ttl ms, then per session: id, facts, deadline (database ms).
-- Answers each one's revoke_at (database ms): the later of lease and deadline; without a lease the promise is unknown.
local answer = {'ok', now}
for i = 5, #ARGV, 3 do
  local at = renewed(ARGV[4])
  local score = deadline_of(ARGV[i], ARGV[4])
  if score then at = math.max(score, math.min(at, tonumber(ARGV[i + 2]) - offset)) end
  redis.call('ZADD', KEYS[1], at, ARGV[i])
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1], 'r:' .. ARGV[i], '1')
  answer[#answer + 1] = at + offset
end
redis.call('HSET', KEYS[2], 'license', ARGV[3], 'fence', ARGV[2])
return answer
