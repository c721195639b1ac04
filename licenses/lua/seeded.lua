-- Stands behind the prelude of every script that needs what is there to be whole and its clock unmoved.
local offset = tonumber(redis.call('ZSCORE', KEYS[1], gen) or nil)
if not offset or redis.call('HEXISTS', KEYS[2], 'license') == 0 then return {'unseeded', now} end
if ARGV[2] ~= '' and math.abs(tonumber(ARGV[2]) - now - offset) > 2000 then return {'unseeded', now} end
-- How long a lease lasts: where this clock and the database's were set back, no longer than any promise may.
local function deadline_of(session, ttl)
  local score = tonumber(redis.call('ZSCORE', KEYS[1], session) or nil)
  return score and math.min(score, now + tonumber(ttl))
end
-- What a renewal for `ttl` ms gives: never more than the license itself has left.
local function renewed(ttl)
  local cap = tonumber(redis.call('ZSCORE', KEYS[1], 'cap') or nil)
  return math.min(now + tonumber(ttl), cap or math.huge)
end
