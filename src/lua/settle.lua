-- now, window_max, lease_ms, then id, sub, due (0: done), health of each;
-- health is W well, S sick, T timed out, N neutral.

local full = is_full()
local seen, order = {}, {}

-- Grows by one a success, like TCP: fast up to where it last went wrong, then
-- by one a whole window. Several faults in one batch halve it once.
local function feel(s, health)
	if health == 'W' then
		local step = s.window < s.gentle and 1 or 1 / s.window

		s.window = math.min(s.window + step, window_max)
		s.slow = false
	elseif health == 'S' or health == 'T' then
		if not s.halved then
			s.window = math.max(s.window / 2, 1)
			s.gentle = s.window
			s.halved = true
		end
		s.slow = s.slow or health == 'T'
	end
	s.felt = s.felt or health ~= 'N'
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
		call('HSET', s.health, 'window', string.format('%.3f', s.window),
		    'gentle', string.format('%.3f', s.gentle),
		    'slow', s.slow and '1' or '0')
		call('EXPIRE', s.health, HEALTH_SECONDS)
	end
	arm(s)
end
return #order
