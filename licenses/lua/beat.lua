-- Extend a lease that is alive. KEYS: 3 beats of this minute. ARGV: 3 session, 4 user, 5 ttl ms, 6 limit (0 none).
-- Answers only "yes" with authority: every other status sends the caller to the database.
local score = deadline_of(ARGV[3], ARGV[5])
local facts = redis.call('HMGET', KEYS[2], ARGV[3], 'license', 'r:' .. ARGV[3])
if not score or score <= now or not facts[1] then return {'unknown', now} end
if string.sub(facts[1], 1, #ARGV[4]) ~= ARGV[4] then return {'unknown', now} end
local limit, count, left = tonumber(ARGV[6]), 0, 60000
if limit > 0 then
  -- Half of the id is enough to tell sessions of one license apart, and saves memory.
  count = redis.call('HINCRBY', KEYS[3], string.sub(ARGV[3], 17), 1)
  left = redis.call('PTTL', KEYS[3])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[3], 60000)
    left = 60000
  end
  if count > limit then return {'limited', now, now + offset, count, left} end
end
if not facts[3] then
  local deadline = renewed(ARGV[5])
  if deadline > score then
    score = deadline
    redis.call('ZADD', KEYS[1], score, ARGV[3])
  end
end
return {'ok', now, now + offset, count, left, score + offset, facts[3] and 1 or 0, facts[1], facts[2]}
