-- Stands before scripts that tell what the license is: its own end may have moved since the leases were written.
local function cap_at(license_end)
  if license_end == '' then
    redis.call('ZREM', KEYS[1], 'cap')
  else
    redis.call('ZADD', KEYS[1], tonumber(license_end) - offset, 'cap')
  end
end
