-- Tell the license's new facts. ARGV: 3 facts of the license.
-- Marks stay: a COMMIT may yet fail, and a marked session's next heartbeat asks the database anyway.
redis.call('HSET', KEYS[2], 'lic', ARGV[3])
return {'ok', now}
