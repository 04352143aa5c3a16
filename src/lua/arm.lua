-- Stands before push, take and settle, which share it. The keys, all under
-- postrider: (sub is a subscription's id as text, an id a webhook's 16 bytes)
--
--   queue:{sub}   sorted set   id -> when it is due
--   flight:{sub}  sorted set   id -> when it counts as lost
--   health:{sub}  hash         window, gentle (growth is slow above it), slow
--                              (the last result was a time-out), quick (it was
--                              an answer, and came soon)
--   ring          sorted set   sub -> turn: something due, a free window
--   ring:untried  sorted set   the same, neither quick nor slow
--   ring:slow     sorted set   the same, slow
--   later         sorted set   sub -> when to look again
--   turn, wake    counter of turns; list of at most a token or two
--   passed        there for a moment after a process passed the token on
--
-- Times are the caller's, in ms: the clock of Redis plays no part. The rings
-- and later are hints too: who is found there is looked at before it counts,
-- so nobody needs to be taken out of them.

local NAME = 'postrider:'
local RING, RING_SLOW = NAME .. 'ring', NAME .. 'ring:slow'
local RING_UNTRIED = NAME .. 'ring:untried'
local LATER, WAKE, TURN = NAME .. 'later', NAME .. 'wake', NAME .. 'turn'
local WINDOW_FIRST, WINDOW_MOST = 8, 10000
local HEALTH_SECONDS, QUICK_SECONDS = 3600, 86400
local ID_BYTES, SUB_BYTES = 16, 36

-- A key of the wrong type was put there by a stranger: it goes.
local function call(command, key, ...)
	local reply = redis.pcall(command, key, ...)
	if type(reply) ~= 'table' or not reply.err then
		return reply
	end
	if string.sub(reply.err, 1, 9) == 'WRONGTYPE' or
	    command == 'INCR' and string.sub(reply.err, 1, 4) == 'ERR ' then
		redis.call('DEL', key)
		return redis.call(command, key, ...)
	end
	return error(reply)
end

local function number(text, least, most)
	local n = tonumber(text) or least
	if not (n >= least) then	-- NaN too
		return least
	end
	return n > most and most or n
end

local now = number(ARGV[1], 0, 2 ^ 53)
local window_max = number(ARGV[2], 1, WINDOW_MOST)
-- An expiry beyond this comes from a clock that has since been set back.
local flight_most = now + 2 * number(ARGV[3], 3600000, 2 ^ 40)

local woke = false
local function wake()
	if not woke and call('LLEN', WAKE) == 0 then
		call('RPUSH', WAKE, '1')
	end
	woke = true
end

-- The next place at the tail: one INCR a script, then fractions.
local tail, steps
local function next_turn()
	tail = tail or call('INCR', TURN)
	steps = (steps or 0) + 1
	return tail + steps / 65536
end

-- A full Redis refuses a script at its first write only, and only one that may
-- need memory. Such a one comes first: push ends there; take and settle, which
-- free memory, go on.
local function is_full()
	local reply = redis.pcall('INCR', TURN)

	if type(reply) == 'table' and
	    string.find(reply.err, '^%-?OOM ') then
		return true
	end
	tail = type(reply) == 'number' and reply or nil
	next_turn()	-- any other error
	return false
end

-- What stands for a sub: its keys, how many fly, how many may.
local function look(sub)
	local s = {
		sub = sub, queue = NAME .. 'queue:' .. sub,
		flight = NAME .. 'flight:' .. sub,
		health = NAME .. 'health:' .. sub
	}
	local health = call('HMGET', s.health, 'window', 'gentle', 'slow',
	    'quick')

	s.window = number(health[1] or WINDOW_FIRST, 1, window_max)
	s.gentle = number(health[2] or WINDOW_MOST, 1, WINDOW_MOST)
	s.slow = health[3] == '1'
	s.quick = health[4] == '1' and not s.slow
	s.busy = call('ZCARD', s.flight)
	if s.busy >= math.floor(s.window) then
		s.busy = s.busy -
		    call('ZREMRANGEBYSCORE', s.flight, '-inf', now) -
		    call('ZREMRANGEBYSCORE', s.flight, flight_most, '+inf')
	end
	return s
end

local function flies(expiry)
	return expiry and expiry > now and expiry < flight_most
end

local function ring_of(s)
	return s.slow and RING_SLOW or s.quick and RING or RING_UNTRIED
end

-- Arms a sub: puts it where it will be found in time.
local function arm(s, quietly)
	local first = call('ZRANGE', s.queue, 0, 0, 'WITHSCORES')
	local due = tonumber(first[2])

	if not due then
		return
	end
	if due > now then
		-- They sleep until the time they know; this may be sooner.
		if call('ZADD', LATER, 'CH', first[2], s.sub) == 1 and
		    not quietly and
		    call('ZRANGE', LATER, 0, 0)[1] == s.sub then
			wake()
		end
	elseif s.busy >= math.floor(s.window) then
		first = call('ZRANGE', s.flight, 0, 0, 'WITHSCORES')
		call('ZADD', LATER, first[2] or now + 1000, s.sub)
	elseif call('ZADD', ring_of(s), 'NX', next_turn(), s.sub) == 1 and not quietly then
		wake()
	end
end
