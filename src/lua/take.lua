-- now, window_max, lease_ms, count, slow. Gives { next_due, full, id, sub, slow,
-- ... }: at most count ids, at most slow of them of slow subs; slow is '1' or
-- '0', next_due 0 when there is nothing to wait for; full 1 or 0.

local LATER_MOST = 200		-- looked at in one take
local TURN_MOST = 16		-- ids of a sub in one turn
local IDLE_TURNS = 64		-- turns without an id in one take
local FLIGHT_SECONDS = 86400	-- nobody asks for it any more
local expiry = string.format('%.0f', now + number(ARGV[3], 1000, 2 ^ 40))
local count = number(ARGV[4], 0, 10000)
local slow = number(ARGV[5], 0, 10000)
local taken = { 0, is_full() and 1 or 0 }
local idle = 0

-- One turn of a sub: how many ids it gave, at most `most`.
local function turn(sub, ring, most)
	local s = look(sub)
	local room = math.min(most, math.floor(s.window) - s.busy, TURN_MOST)
	local given = 0

	if room >= 1 and s.slow == (ring == RING_SLOW) then
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
				taken[#taken + 1] = s.slow and '1' or '0'
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

local function walk(ring, quota)
	while quota > 0 and idle < IDLE_TURNS do
		local sub = call('ZPOPMIN', ring)[1]
		local given = 0

		if not sub then
			break
		end
		if #sub == SUB_BYTES then
			given = turn(sub, ring, quota)
		end
		if given == 0 then
			idle = idle + 1
		end
		quota = quota - given
	end
	return quota
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

local share = math.min(slow, math.ceil(count / 2))
local left = walk(RING_SLOW, share)
left = walk(RING, count - share + left)

local next_due = tonumber(call('ZRANGE', LATER, 0, 0, 'WITHSCORES')[2]) or 0
local waiting = call('ZCARD', RING)
if waiting > 0 and left > 0 then
	next_due = now		-- the turns were for nothing: go on
end
-- Who has taken leaves word for another process; who could not take anything
-- does not, or they would wake each other for ever.
if #taken > 2 and waiting + call('ZCARD', RING_SLOW) > 0 then
	wake()
end
taken[1] = number(next_due, 0, 2 ^ 53)
return taken
