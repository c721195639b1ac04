-- Stands before every script. KEYS: 1 the license's leases, 2 its facts.
-- ARGV: 1 not_after (Redis ms), 2 the database's clock (ms, or '' where the database was not asked).
-- Leases: session id -> deadline in Redis ms; 'gen:<replid>' -> database ms minus Redis ms; 'cap' -> the license's end.
-- Facts: 'license' -> the license; session id -> the session; 'r:<session id>' -> marked for revocation;
-- 'fence' -> the database's clock as the last holder of the license lock read it.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- A command that timed out at the caller may still run when a paused Redis wakes: by then it must do nothing. Nor may
-- one whose caller last saw this clock before it was set back: it could run for as long as that.
local left = tonumber(ARGV[1]) - now
if left < 0 or left > 2000 then return {'late', now} end
-- The replication id changes at every restart and promotion, so old contents cannot pass for current ones.
local gen = 'gen:' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
