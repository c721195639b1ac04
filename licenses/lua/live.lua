-- Deadlines (database ms) of all leases that are alive, without a lock and changing nothing; for display.
-- ARGV: 3 how many, the first to run out first; -1 for all.
local answer = {'ok', now}
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for i = 1, #found, 2 do
  if found[i] ~= 'cap' then
    answer[#answer + 1] = found[i]
    answer[#answer + 1] = tonumber(found[i + 1]) + offset
  end
end
return answer
