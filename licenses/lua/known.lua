-- The sessions that have a lease, alive or past, changing nothing.
local answer = {'ok', now}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if #member == 32 then answer[#answer + 1] = member end
end
return answer
