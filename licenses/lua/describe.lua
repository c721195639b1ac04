-- Tell the license's new facts. ARGV: 3 facts of the license, 4 its end (database ms) or ''.
-- Marks stay: a COMMIT may yet fail, and a marked session's next heartbeat asks the database anyway.
cap_at(ARGV[4])
redis.call('HSET', KEYS[2], 'license', ARGV[3], 'fence', ARGV[2])
return {'ok', now}
