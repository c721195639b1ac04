-- Redis's data and the commands that the product's scripts use, in Lua: they run here as they are.
local data, clock, replid = {}, 0, ''
local commands = {}

local function whole(number) return string.format('%.0f', number) end
local function table_at(key) data[key] = data[key] or {}; return data[key] end
local function sorted(key)
  local members = {}
  for member, score in pairs(data[key] or {}) do members[#members + 1] = {member, score} end
  table.sort(members, function(a, b) if a[2] == b[2] then return a[1] < b[1] end; return a[2] < b[2] end)
  return members
end
local function bound(text)
  local open = string.sub(text, 1, 1) == '('
  local number = open and string.sub(text, 2) or text
  if number == '+inf' then return math.huge, open elseif number == '-inf' then return -math.huge, open end
  return tonumber(number), open
end
local function within(score, low, high)
  local least, above = bound(low)
  local most, below = bound(high)
  return (score > least or (not above and score == least)) and (score < most or (not below and score == most))
end

function commands.TIME() return {whole(math.floor(clock / 1000)), whole((clock % 1000) * 1000)} end
function commands.INFO() return 'master_replid:' .. replid .. '\r\n' end
function commands.DEL(...) for _, key in ipairs({...}) do data[key] = nil end; return 1 end
function commands.ZADD(key, score, member) table_at(key)[member] = tonumber(score); return 1 end
function commands.ZSCORE(key, member)
  local score = data[key] and data[key][member]
  return score and whole(score) or false
end
function commands.ZREM(key, member) if data[key] then data[key][member] = nil end; return 1 end
function commands.ZRANGE(key)
  local found = {}
  for i, pair in ipairs(sorted(key)) do found[i] = pair[1] end
  return found
end
function commands.ZCOUNT(key, low, high)
  local count = 0
  for _, pair in ipairs(sorted(key)) do if within(pair[2], low, high) then count = count + 1 end end
  return count
end
function commands.ZRANGEBYSCORE(key, low, high, _, _, _, limit)
  local found, most = {}, tonumber(limit)
  for _, pair in ipairs(sorted(key)) do
    if within(pair[2], low, high) and (most < 0 or #found < 2 * most) then
      found[#found + 1] = pair[1]
      found[#found + 1] = whole(pair[2])
    end
  end
  return found
end
function commands.HSET(key, ...)
  local hash, arguments = table_at(key), {...}
  for i = 1, #arguments, 2 do hash[arguments[i]] = arguments[i + 1] end
  return 1
end
function commands.HGET(key, field) return data[key] and data[key][field] or false end
function commands.HMGET(key, ...)
  local hash, found = data[key] or {}, {}
  for i, field in ipairs({...}) do found[i] = hash[field] or false end
  return found
end
function commands.HDEL(key, ...)
  for _, field in ipairs({...}) do if data[key] then data[key][field] = nil end end
  return 1
end
function commands.HEXISTS(key, field) return data[key] and data[key][field] and 1 or 0 end

redis = {call = function(name, ...) return commands[name](...) end}

local function copy(source)
  local result = {}
  for key, value in pairs(source) do result[key] = type(value) == 'table' and copy(value) or value end
  return result
end

return {
  run = function(script, now, id, keys, arguments) clock, replid = now, id; return script(keys, arguments) end,
  snapshot = function() return copy(data) end,
  restore = function(snapshot) data = copy(snapshot) end,
  flush = function() data = {} end,
  lose_facts = function(group) data['seat:{' .. group .. '}:f'] = nil end,
  scores = function(group) return data['seat:{' .. group .. '}:z'] end,
}
