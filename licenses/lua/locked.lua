-- Stands before scripts that are run under the license lock. What an earlier holder of the lock has sent, and was held
-- up, must do nothing. The database's clock as each holder read it tells who was later: it is the fencing token.
-- Only where that clock was set back, by more than the 10 s below, may a later holder bring less.
local fence = tonumber(redis.call('HGET', KEYS[2], 'fence') or nil)
if fence and fence > tonumber(ARGV[2]) and fence - tonumber(ARGV[2]) < 10000 then return {'late', now} end
