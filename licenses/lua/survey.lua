-- Deadlines of the given un-ended sessions, under the license lock; one without a lease is readmitted.
-- ARGV: 3 ttl ms, then per session: id, facts, '1' where it is marked, else ''. Answers {deadline, is_past} per session.
local answer = {'ok', now}
for i = 4, #ARGV, 3 do
  local score = deadline_of(ARGV[i], ARGV[3])
  if not score then
    score = renewed(ARGV[3])
    if ARGV[i + 2] ~= '' then redis.call('HSET', KEYS[2], 'r:' .. ARGV[i], '1') end
    redis.call('ZADD', KEYS[1], score, ARGV[i])
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
  answer[#answer + 1] = score + offset
  answer[#answer + 1] = score <= now and 1 or 0
end
return answer
