# The first page: what it counts, what it warns of, and how it looks.
load helper

# The figure under a label, as a reader sees it.
figure() {
	sed -n "s|.*<dt>$1</dt><dd>\(.*\)</dd>.*|\1|p" <<<"$body" |
		sed 's/<[^>]*>//g'
}

# One line of the page for each row of the table under a heading's id.
rows() {
	sed -n "/<h2 id=\"$1\">/,/<\/section>/p" <<<"$body" | grep '<tr' |
		tail -n +2
}

percent() { json '.success_rate * 1000 | floor |
    "\(. / 10 | floor).\(. % 10)%" | if . == "100.0%" then "100%" else . end'; }

@test "without a subscription it leads to the first steps" {
	sql "UPDATE subscriptions SET state = 'deleted'"
	request GET /ui/
	assert_code 303
	[ "$(header Location | sed "s|^$URL||")" = /ui/start ]
	subscribe "$(own /ok)" >/dev/null
	request GET /ui/
	assert_code 200
	[[ $body == *'<h1>Overview</h1>'* ]]
}

# What other suites left behind may still be tried meanwhile.
same_figures() {
	local rate attempts
	request GET /stats
	rate=$(percent)
	attempts=$(json '.successes + .failed_attempts + .failures')
	request GET /ui/
	[ "$(figure 'Success rate')" = "$rate" ] &&
		[ "$(figure Attempts | tr -d ,)" = "$attempts" ]
}

delivering() {
	request GET /ui/
	[ "$(figure 'Delivery processes')" = 2 ]
}

nothing_waits() {
	request GET /ui/
	[ "$(figure 'Oldest due')" = 'nothing waits' ]
}

@test "its figures are those of the API" {
	local subscription webhook
	subscription=$(subscribe "$(own /fail-n/1)")
	webhook=$(ingest "$subscription" '{}')
	outcome 10 "$webhook" Success
	eventually 20 same_figures
	request GET /ui/
	[[ $(figure 'Success rate') == *% ]]
	[[ $(figure 'Latency p50') == *' '?(m)s ]]
	[[ $body == *'<svg '*'in 24 hours, by quarter of an hour'* ]]
	eventually 20 delivering
}

@test "what is pending is counted, what is due and held does not count as late" {
	local path subscription before
	request GET /ui/
	before=$(figure Pending | tr -d ,)
	path=$(own /retry-after/3000)
	subscription=$(subscribe "$path")
	ingest "$subscription" '{}' >/dev/null
	request POST "/subscriptions/$subscription/pause"
	ingest "$subscription" '{}' >/dev/null
	ingest "$subscription" '{}' >/dev/null
	sql "UPDATE pending SET due_at = now() - interval '2 hours'
	    WHERE subscription_id = '$subscription'"
	request GET /ui/
	[ "$(figure Pending | tr -d ,)" = $((before + 3)) ]
	[[ $body != *'Deliveries are behind'* ]]
	request DELETE "/subscriptions/$subscription"
}

@test "what fails now is there with why, and gone after a success" {
	local subscription webhook
	subscription=$(subscribe "$REFUSED/")
	webhook=$(ingest "$subscription" '{}')
	eventually 10 ended Failure "$webhook"
	request GET /ui/
	rows failing | grep -F "$subscription" | grep -F 'connection refused'
	rows failures | grep -F "/ui/webhooks/$webhook" |
		grep -F '>Failure<' | grep -F 'connection refused'
	request PATCH "/subscriptions/$subscription" \
	    -d "{\"target_url\": \"$RECEIVER$(own /ok)\"}"
	request POST "/webhooks/$webhook/resend"
	outcome 10 "$webhook" Success
	request GET /ui/
	run rows failing
	refute_output --partial "$subscription"
}

# metric NAME: whole.
metric() {
	request GET /metrics
	sed -nE "s/^postrider_$1 ([0-9]+).*/\\1/p" <<<"$body"
}

@test "it says when deliveries are behind, and when nobody delivers" {
	local deliveries subscription webhook
	subscription=$(subscribe "$(own /ok)")
	deliveries=$(pids 'delivery [0-9]+')
	kill -STOP $deliveries
	webhook=$(ingest "$subscription" '{}')
	sql "UPDATE pending SET due_at = now() - interval '2 hours'
	    WHERE webhook_id = '$webhook'"
	request GET /ui/
	[[ $body == *'Deliveries are behind'* ]]
	[[ $(figure 'Oldest due') == *'2 h' ]]
	grep -F 'Deliveries are behind' <<<"$body" | grep -F "$subscription"
	[ "$(metric unserved_seconds)" -ge 7200 ]
	told() { request GET /readyz; [ "$(json .delivery)" = degraded ]; }
	eventually 5 told
	# they cannot connect again before they go on
	super_sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE application_name = 'postrider delivery'" >&2
	request GET /ui/
	kill -CONT $deliveries
	[[ $body == *'Nothing is being delivered'* ]]
	[ "$(figure 'Delivery processes')" = 0 ]
	outcome 20 "$webhook" Success
	eventually 20 delivering
	eventually 20 nothing_waits
}

@test "a backlog behind a hanging receiver is its own, and the worker is not blamed" {
	local subscription path
	path=$(own /hang)
	subscription=$(subscribe "$path")
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 100 8 "$subscription" \
	    >/dev/null
	eventually 10 arrived "$path" 1
	sql "UPDATE pending SET due_at = now() - interval '5 minutes'
	    WHERE subscription_id = '$subscription' AND lease IS NULL"
	request GET /ui/
	[[ $body != *'Deliveries are behind'* ]]
	grep -F 'One subscription is behind' <<<"$body" |
		grep -F "/ui/subscriptions/$subscription"
	[ "$(metric oldest_due_seconds)" -ge 290 ]
	[ "$(metric unserved_seconds)" = 0 ]
	request GET /readyz
	assert_json .delivery '"ok"'
	request DELETE "/subscriptions/$subscription"
	eventually 60 settled "$subscription"
}

@test "without PostgreSQL the page says so, with the request's id" {
	stack part-stop postgresql
	request GET /ui/
	stack part-start postgresql
	assert_code 503
	[[ $body == *'The database does not answer'* ]]
	[[ $body == *"$(header X-Request-Id | cut -c1-20)"* ]]
	eventually 20 ready
}

@test "in a browser: two widths, two schemes, with and without scripts" {
	local subscription webhook
	browser_modules
	subscription=$(subscribe "$(own /fail-n/1)")
	for number in 1 2 3; do
		ingest "$subscription" "$number" >/dev/null
	done
	subscription=$(subscribe "$(own /status/500)")
	webhook=$(ingest "$subscription" '{}')
	eventually 15 ended Failure "$webhook"
	run node "$BATS_TEST_DIRNAME/browser/overview.js" "$URL" "$REFUSED/"
	assert_success
	assert_output --partial 'seen'
}
