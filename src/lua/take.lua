-- now, window_max, lease_ms, count, untried, slow, each. Gives { next_due, full,
-- id, sub, class, ... }: at most count ids, at most untried of them of subs that
-- are not quick, at most slow of them of slow subs; each sub's window is at most
-- each. class is Q quick, U untried, S slow; next_due is 0 when there is nothing
-- to wait for; full is 1 or 0.

local LATER_MOST = 200		-- looked at in one take
local TURN_MOST = 16		-- ids of a sub in one turn
local IDLE_TURNS = 64		-- turns without an id in one take
local FLIGHT_SECONDS = 86400	-- nobody asks for it any more
local expiry = string.format('%.0f', now + number(ARGV[3], 1000, 2 ^ 40))
local PASS_MS = 50		-- between two times that one passes the word on
local count = number(ARGV[4], 0, 10000)
local untried = number(ARGV[5], 0, count)
local slow = number(ARGV[6], 0, untried)
local each = number(ARGV[7], 1, WINDOW_MOST)
local taken = { 0, is_full() and 1 or 0 }
local CLASS = { [RING] = 'Q', [RING_UNTRIED] = 'U', [RING_SLOW] = 'S' }

-- One turn of a sub: how many ids it gave, at most `most`.
local function turn(sub, ring, most)
	local s = look(sub)

	-- what it has in flight is settled some time, and arms it again
	s.window = math.min(s.window, each)
	local room = math.min(most, math.floor(s.window) - s.busy, TURN_MOST)
	local given = 0

	if room >= 1 and ring_of(s) == ring then
		local fly = {}
		local ids = call('ZRANGEBYSCORE', s.queue, '-inf', now,
		    'LIMIT', 0, room)

		for _, id in ipairs(ids) do
			if #id == ID_BYTES then
				given = given + 1
				fly[#fly + 1] = expiry
				fly[#fly + 1] = id
				taken[#taken + 1] = id
				taken[#taken + 1] = sub
				taken[#taken + 1] = CLASS[ring]
			end
		end
		if #ids > 0 then
			call('ZREM', s.queue, unpack(ids))
		end
		if given > 0 then
			s.busy = s.busy + call('ZADD', s.flight, unpack(fly))
			call('EXPIRE', s.flight, FLIGHT_SECONDS)
		end
	end
	arm(s, true)
	return given
end

-- How many ids a ring gave, at most `most`.
local function walk(ring, most)
	local left, idle = most, 0

	while left > 0 and idle < IDLE_TURNS do
		local sub = call('ZPOPMIN', ring)[1]
		local given = 0

		if not sub then
			break
		end
		if #sub == SUB_BYTES then
			given = turn(sub, ring, left)
		end
		if given == 0 then
			idle = idle + 1
		end
		left = left - given
	end
	return most - math.max(left, 0)
end

local come = call('ZRANGEBYSCORE', LATER, '-inf', now, 'LIMIT', 0, LATER_MOST)
if #come > 0 then
	call('ZREM', LATER, unpack(come))
end
for _, sub in ipairs(come) do
	if #sub == SUB_BYTES then
		arm(look(sub), true)
	end
end

-- A quarter of the take for each of the others first, so that no class waits
-- for a busy one; then what is left, the quick ones first.
local left = count
local function give(ring, most)
	local given = walk(ring, math.max(math.min(most, left), 0))

	left = left - given
	if ring ~= RING then
		untried = untried - given
	end
	if ring == RING_SLOW then
		slow = slow - given
	end
end
local share = math.ceil(count / 4)
local others, slower = call('ZCARD', RING_UNTRIED), call('ZCARD', RING_SLOW)
if slower > 0 then
	give(RING_SLOW, math.min(share, slow))
end
if others > 0 then
	give(RING_UNTRIED, math.min(share, untried))
end
give(RING, left)
if left > 0 then	-- a turn may have put a sub into another ring
	give(RING_UNTRIED, untried)
	give(RING_SLOW, math.min(slow, untried))
end

local next_due = tonumber(call('ZRANGE', LATER, 0, 0, 'WITHSCORES')[2]) or 0
local quick = call('ZCARD', RING)
others, slower = call('ZCARD', RING_UNTRIED), call('ZCARD', RING_SLOW)
if left > 0 and (quick > 0 or others > 0 and untried > 0) then
	next_due = now		-- the turns were for nothing: go on
end
-- A process that has taken something wakes another for the rest. One that may
-- not take what is there does so too, but seldom: they would wake each other
-- for ever.
if #taken > 2 then
	if quick + others + slower > 0 then
		wake()
	end
elseif count > 0 and
    (others > 0 and untried < 1 or slower > 0 and slow < 1) and
    call('SET', NAME .. 'passed', '1', 'NX', 'PX', PASS_MS) then
	wake()
end
taken[1] = number(next_due, 0, 2 ^ 53)
return taken
