-- now, window_max, lease_ms, then id, sub, due of each. An id in flight that
-- is due is left out: what becomes of it is not known yet, and the settle
-- says so.

local QUEUE_MOST = 1000000	-- of a sub; the keeper brings the rest later
local seen, order = {}, {}

-- A full Redis refuses a script at its first write only, and only one that
-- may need memory: so such a one comes first.
next_turn()

for i = 4, #ARGV, 3 do
	local id, sub, due = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
	local s = seen[sub]

	if not s then
		s = look(sub)
		s.room = QUEUE_MOST - call('ZCARD', s.queue)
		seen[sub] = s
		order[#order + 1] = s
	end
	if due <= now and flies(s, id) then
		due = nil
	end
	if due and s.room > 0 then
		s.room = s.room - call('ZADD', s.queue, ARGV[i + 2], id)
	end
end
for _, s in ipairs(order) do
	arm(s)
end
return #order
