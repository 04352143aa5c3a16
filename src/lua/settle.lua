-- now, window_max, lease_ms, then id, sub, due (0: done), health of each;
-- health is W well, L well but late, A answered with an error, S sick, T timed
-- out, N neutral.

local full = is_full()
local seen, order = {}, {}

-- Grows by one a success, like TCP: fast up to where it last went wrong, then
-- by one a whole window. Several faults in one batch halve it once.
local function feel(s, health)
	s.was = s.was or { s.window, s.gentle, s.slow, s.quick }
	if health == 'W' or health == 'L' then
		local step = s.window < s.gentle and 1 or 1 / s.window

		s.window = math.min(s.window + step, window_max)
	elseif health == 'S' or health == 'T' then
		if not s.halved then
			s.window = math.max(s.window / 2, 1)
			s.gentle = s.window
			s.halved = true
		end
	end
	if health ~= 'N' then
		s.felt = true
		s.quick = health == 'W' or health == 'A'
		s.slow = health == 'T' or health == 'S' and s.slow
	end
end

local function is_as_it_was(s)
	return s.window == s.was[1] and s.gentle == s.was[2] and
	    s.slow == s.was[3] and s.quick == s.was[4]
end

for i = 4, #ARGV, 4 do
	local id, sub, due = ARGV[i], ARGV[i + 1], ARGV[i + 2]
	local s = seen[sub]

	if not s then
		s = look(sub)
		s.gone, s.again = {}, {}
		seen[sub] = s
		order[#order + 1] = s
	end
	s.gone[#s.gone + 1] = id
	if due ~= '0' then
		s.again[#s.again + 1] = due
		s.again[#s.again + 1] = id
	end
	feel(s, ARGV[i + 3])
end
for _, s in ipairs(order) do
	s.busy = s.busy - call('ZREM', s.flight, unpack(s.gone))
	if #s.again > 0 and not full then	-- else the keeper brings them
		call('ZADD', s.queue, unpack(s.again))
	end
	if s.felt and not full then
		if not is_as_it_was(s) then
			call('HSET', s.health,
			    'window', string.format('%.3f', s.window),
			    'gentle', string.format('%.3f', s.gentle),
			    'slow', s.slow and '1' or '0',
			    'quick', s.quick and '1' or '0')
		end
		call('EXPIRE', s.health,
		    s.quick and QUICK_SECONDS or HEALTH_SECONDS)
	end
	arm(s)
end
return #order
