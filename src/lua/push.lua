-- now, window_max, lease_ms, then id, sub, due of each. An id in flight that
-- is due is left out: what becomes of it is not known yet, and the settle
-- says so.

local QUEUE_MOST = 1000000	-- of a sub; the keeper brings the rest later
local seen, order = {}, {}

next_turn()
if #ARGV == 3 then	-- a probe: a key of another slot too, as of a cluster
	call('ZCARD', LATER)
end

for i = 4, #ARGV, 3 do
	local id, sub, due = ARGV[i], ARGV[i + 1], ARGV[i + 2]
	local s = seen[sub]

	if not s then
		s = look(sub)
		s.ids, s.dues = {}, {}
		seen[sub] = s
		order[#order + 1] = s
	end
	s.ids[#s.ids + 1] = id
	s.dues[#s.dues + 1] = due
end
for _, s in ipairs(order) do
	local room = QUEUE_MOST - call('ZCARD', s.queue)
	local flying = s.busy > 0 and
	    call('ZMSCORE', s.flight, unpack(s.ids)) or {}
	local new = {}

	for n, id in ipairs(s.ids) do
		local due = tonumber(s.dues[n])

		if due and not (due <= now and flies(tonumber(flying[n]))) and
		    #new < 2 * room then
			new[#new + 1] = s.dues[n]
			new[#new + 1] = id
		end
	end
	if #new > 0 then
		call('ZADD', s.queue, unpack(new))
	end
	arm(s)
end
return #order
