-- How many leases are alive, without a lock and changing nothing; for display.
local count = redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')
local cap = tonumber(redis.call('ZSCORE', KEYS[1], 'cap') or nil)
if cap and cap > now then count = count - 1 end
return {'ok', now, count}
