-- wrk -s wrk.lua URL -- METHOD BODY PATH…: the paths in turn; prints what came
-- of it as JSON, times in milliseconds.

local requests, at = {}, 0

function init(arguments)
	wrk.headers["Content-Type"] = "application/json"
	for i = 3, #arguments do
		requests[#requests + 1] = wrk.format(arguments[1],
		    arguments[i], nil, arguments[2])
	end
end

function request()
	at = at % #requests + 1
	return requests[at]
end

function done(summary, latency)
	local bad, errors, count = summary.errors, {}, 0

	for _, kind in ipairs({"connect", "read", "write", "status",
	    "timeout"}) do
		if bad[kind] > 0 then
			errors[#errors + 1] = bad[kind] .. " " .. kind
			count = count + bad[kind]
		end
	end
	io.write(string.format('\n{"requests": %d, "rate": %.3f, ' ..
	    '"p50": %.3f, "p99": %.3f, "bad": %d, "errors": "%s"}\n',
	    summary.requests,
	    summary.requests * 1e6 / summary.duration,
	    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
	    count, table.concat(errors, ", ")))
end
