# What holds a webhook back, what a receiver may ask for, and what people do.
load helper

state_is() {	# WEBHOOK STATE
	request GET "/webhooks/$1"
	[ "$(json .state)" = "$2" ] || { echo "${body:0:600}"; return 1; }
}

subscription_is() {	# SUBSCRIPTION STATE
	request GET "/subscriptions/$1"
	[ "$(json .state)" = "$2" ] || { echo "$body"; return 1; }
}

# restarted SUBSCRIPTION: a resume has made all of it due.
restarted() {
	[ "$(sql "SELECT restart_after IS NULL FROM subscriptions
	    WHERE id = '$1'")" = t ]
}

# gap PATH: seconds between the first two arrivals there, rounded down.
gap() { arrivals "$1" | jq '(.[1].time - .[0].time) | floor'; }

@test "Retry-After of a 503 puts the next attempt off, in seconds or as a date" {
	local kind path webhook least
	for kind in retry-after/4 retry-date/5 retry-after/0; do
		path=$(own /$kind)
		webhook=$(ingest "$(subscribe "$path")" '{}')
		eventually 5 arrived "$path" 1
		echo "$path $webhook"
	done >"$BATS_TEST_TMPDIR/sent"
	for least in 4 4 1; do
		read -r path webhook
		outcome 12 "$webhook" Success
		assert_json .total_attempts 2
		# a date has no fractions; 0 is less than the schedule's 1 s
		[ "$(gap "$path")" -ge $least ]
		[ "$(gap "$path")" -le $((least + 3)) ]
	done <"$BATS_TEST_TMPDIR/sent"
}

@test "a Retry-After beyond RETRY_AFTER_MAX is cut, and the retry is shown" {
	local path webhook
	path=$(own /retry-after/99999999999999999999)
	webhook=$(ingest "$(subscribe "$path")" '{}')
	eventually 5 ended 'Failed Attempt' "$webhook"
	request GET "/webhooks/$webhook"
	assert_json .state '"pending"'
	[ "$(sql "SELECT due_at - now() BETWEEN '3580 s' AND '3601 s'
	    FROM pending WHERE webhook_id = '$webhook'")" = t ]
	request POST "/webhooks/$webhook/cancel"
	assert_code 200
}

@test "410 disables with a reason that the API and the page show at once" {
	local path subscription webhook held
	path=$(own /status/410)
	subscription=$(subscribe "$path")
	request GET "/subscriptions/$subscription"
	assert_json .state '"active"'
	webhook=$(ingest "$subscription" '{}')
	outcome 10 "$webhook" Failure
	eventually 2 subscription_is "$subscription" disabled
	request GET "/subscriptions/$subscription"
	[[ $(json .state_reason) == *410* ]]
	request GET "/ui/subscriptions/$subscription"
	assert_code 200
	[[ $body == *disabled* && $body == *'410 Gone'* ]]
	held=$(ingest "$subscription" '{}')
	request GET "/webhooks/$held"
	assert_json '[.state, .subscription_state]' '["pending","disabled"]'
	request POST "/subscriptions/$subscription/pause"
	assert_code 409
	assert_json . '{"detail":"Subscription is disabled"}'
	request PATCH "/subscriptions/$subscription" \
	    -d "{\"target_url\": \"$RECEIVER$(own /ok)\"}"
	request POST "/subscriptions/$subscription/resume"
	assert_code 200
	assert_json '[.state, .state_reason]' '["active",null]'
	outcome 10 "$held" Success
}

@test "a paused subscription keeps its webhooks pending and says so" {
	local path subscription webhook
	path=$(own /ok)
	subscription=$(subscribe "$path")
	request POST "/subscriptions/$subscription/pause"
	assert_code 200
	assert_json '[.id, .state]' "[\"$subscription\",\"paused\"]"
	request POST "/subscriptions/$subscription/pause/"
	assert_code 200
	request GET "/subscriptions/$subscription"
	assert_json .state '"paused"'
	webhook=$(ingest "$subscription" '{}')
	sleep 1
	[ "$(arrivals "$path")" = '[]' ]
	request GET "/webhooks/$webhook"
	assert_json '[.state, .subscription_state, .attempts]' \
	    '["pending","paused",0]'
	request POST "/subscriptions/$subscription/resume"
	assert_code 200
	request POST "/subscriptions/$subscription/resume"
	assert_code 200
	outcome 4 "$webhook" Success
}

@test "resuming starts what waited in the order of acceptance, once each" {
	local path subscription ids=$BATS_TEST_TMPDIR/ids
	path=$(own /ok)
	subscription=$(subscribe "$path")
	request POST "/subscriptions/$subscription/pause"
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 300 4 "$subscription" |
		sort >"$ids"
	# as if they had been tried: due at any time, up to an hour from now
	sql "UPDATE pending SET due_at = now() + random() * interval '1 hour'
	    WHERE subscription_id = '$subscription'"
	request POST "/subscriptions/$subscription/resume"
	assert_code 200
	eventually 20 settled "$subscription"
	arrivals "$path" | jq -r '.[].id' >"$ids.came"
	sort "$ids.came" | cmp - "$ids"
	# Side by side: the window of 8 grows by one a success, so the n-th to
	# arrive is at most the one in place 2 n + 8; here with some slack.
	run awk 'NR == FNR { place[$0] = NR; next }
	    place[$0] > 2 * FNR + 16 { print place[$0] " came as " FNR }' \
	    "$ids" "$ids.came"
	assert_output ''
}

@test "what was resumed is due since it was accepted" {
	local subscription webhook
	subscription=$(subscribe "$(own /hang)")
	request POST "/subscriptions/$subscription/pause"
	webhook=$(ingest "$subscription" '{}')
	sql "UPDATE pending SET due_at = now() + interval '1 hour'
	    WHERE webhook_id = '$webhook'"
	request POST "/subscriptions/$subscription/resume"
	eventually 5 restarted "$subscription"
	[ "$(sql "SELECT due_at = uuid_time(webhook_id) FROM pending
	    WHERE webhook_id = '$webhook'")" = t ]
	request POST "/webhooks/$webhook/cancel"
}

# The keeper is late, so that all of them were attempted before it looks.
@test "a resume leaves alone what was attempted since, by Retry-After too" {
	local path subscription keeper waits
	path=$(own /retry-after/60)
	subscription=$(subscribe "$path")
	request POST "/subscriptions/$subscription/pause"
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 60 8 "$subscription" \
	    >"$BATS_TEST_TMPDIR/ids"
	waits=$(head -1 "$BATS_TEST_TMPDIR/ids")
	sql "UPDATE pending SET due_at = now() + interval '1 hour'
	    WHERE webhook_id = '$waits'"
	keeper=$(pids keeper)
	kill -STOP $keeper
	request POST "/subscriptions/$subscription/resume"
	stack signal redis KILL # from PostgreSQL then, without the keeper
	tried() { [ "$(sql "SELECT count(*) FROM delivery_logs
	    WHERE subscription_id = '$subscription'")" = "$1" ]; }
	eventually 8 tried 59 || { kill -CONT $keeper; stack part-start redis; fail; }
	kill -CONT $keeper
	stack part-start redis
	eventually 5 tried 60	# what was not attempted is due at once
	eventually 5 restarted "$subscription"
	sleep 1
	tried 60
	[ "$(arrivals "$path" | jq 'group_by(.id) | map(length) | max')" = 1 ]
	[ "$(sql "SELECT count(*) FROM pending WHERE due_at > now() + interval
	    '45 s' AND subscription_id = '$subscription'")" = 60 ]
	request DELETE "/subscriptions/$subscription"
}

@test "a backlog of some pages is restarted page by page" {
	local subscription
	subscription=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$subscription/pause"
	sql "WITH made AS (INSERT INTO webhooks (id, subscription_id, payload,
	    filtered) SELECT uuid_new(), '$subscription', '1', false
	    FROM generate_series(1, 2500) RETURNING id)
	    INSERT INTO pending (webhook_id, subscription_id, due_at)
	    SELECT id, '$subscription', now() + interval '1 hour' FROM made"
	request POST "/subscriptions/$subscription/resume"
	eventually 5 restarted "$subscription"
	eventually 60 settled "$subscription"
	[ "$(sql "SELECT count(*) FROM delivery_logs WHERE outcome = 'Success'
	    AND subscription_id = '$subscription'")" = 2500 ]
}

@test "what is paused two hours before its end is Failure, expired while paused" {
	local subscription webhook young
	subscription=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$subscription/pause"
	webhook=$(sql "SELECT overlay(uuid_new()::text placing
	    left(uuid_at(now() - interval '70 hours 1 second')::text, 13)
	    from 1)")
	young=$(sql "SELECT overlay(uuid_new()::text placing
	    left(uuid_at(now() - interval '69 hours')::text, 13) from 1)")
	sql "INSERT INTO pending (webhook_id, subscription_id, due_at)
	    VALUES ('$webhook', '$subscription', now()),
	    ('$young', '$subscription', now())"
	gone() { [ "$(sql "SELECT outcome || '|' || error || '|' || final
	    FROM delivery_logs WHERE webhook_id = '$webhook'
	    AND id >= uuid_at(now() - interval '1 minute')")" = \
	    'Failure|expired while paused|true' ]; }
	eventually 12 gone
	[ "$(sql "SELECT webhook_id FROM pending
	    WHERE subscription_id = '$subscription'")" = "$young" ]
	request DELETE "/subscriptions/$subscription"
}

@test "20 failures over DISABLE_AFTER_HOURS without a success disable" {
	local subscription
	subscription=$(subscribe "$(own /status/500)")
	# tried FAILURES HOURS: one more attempt, as if so many had failed
	tried() {
		local webhook
		sql "UPDATE subscriptions SET failures = $1,
		    failing_since = now() - interval '$2 hours'
		    WHERE id = '$subscription'"
		webhook=$(ingest "$subscription" '{}')
		eventually 5 failed_over "$1"
		request POST "/webhooks/$webhook/cancel"
	}
	failed_over() { [ "$(sql "SELECT failures > $1 FROM subscriptions
	    WHERE id = '$subscription'")" = t ]; }
	tried 0 0
	tried 10 121	# for long enough, but too few
	subscription_is "$subscription" active
	tried 40 119	# enough, but not for long enough
	subscription_is "$subscription" active
	tried 19 121
	request GET "/subscriptions/$subscription"
	assert_json '[.state, .state_reason]' '["disabled","no attempt '\
'succeeded for 120 hours, and 20 failed"]'
}

@test "one success, a resume or another target forgives earlier failures" {
	local subscription
	forgiven() { [ "$(sql "SELECT failures = 0 AND failing_since IS NULL
	    FROM subscriptions WHERE id = '$subscription'")" = t ]; }
	condemn() { sql "UPDATE subscriptions SET failures = 50,
	    failing_since = now() - interval '200 hours'
	    WHERE id = '$subscription'"; }
	subscription=$(subscribe "$(own /ok)")
	condemn
	ingest "$subscription" '{}' >/dev/null
	eventually 5 forgiven
	condemn
	request PATCH "/subscriptions/$subscription" -d '{"events": null}'
	! forgiven
	request PATCH "/subscriptions/$subscription" \
	    -d '{"target_url": "http://127.0.0.1:1/"}'
	forgiven
	condemn
	request POST "/subscriptions/$subscription/pause"
	request POST "/subscriptions/$subscription/resume"
	forgiven
	subscription_is "$subscription" active
}

@test "cancel: a pending webhook is Cancelled and never sent again" {
	local path webhook
	path=$(own /retry-after/2)
	webhook=$(ingest "$(subscribe "$path")" '{}')
	eventually 5 ended 'Failed Attempt' "$webhook"
	request POST "/webhooks/$webhook/cancel"
	assert_code 200
	assert_json '[.id, .state, .due_at, .attempts]' \
	    "[\"$webhook\",\"Cancelled\",null,1]"
	request POST "/webhooks/$webhook/cancel"
	assert_code 409
	assert_json . '{"detail":"Webhook is not pending"}'
	request GET "/ui/webhooks/$webhook"
	[[ $body == *Cancelled* ]]
	[ "$(sql "SELECT count(*) FROM pending
	    WHERE webhook_id = '$webhook'")" = 0 ]
	sleep 2.5
	[ "$(arrivals "$path" | jq length)" = 1 ]
	state_is "$webhook" Cancelled
}

@test "what is in flight is not cancelled: 409 until its attempt has ended" {
	local name webhook page
	name=cancel-$(date +%s%N)
	webhook=$(ingest "$(subscribe "/gate/$name")" '{}')
	eventually 5 inflight "/gate/$name" 1
	state_is "$webhook" in_flight
	request POST "/webhooks/$webhook/cancel"
	assert_code 409
	assert_json . '{"detail":"Webhook is being sent now: try again when this '\
'attempt has ended"}'
	request GET "/ui/webhooks/$webhook"
	page=$body
	gate "$name"
	outcome 5 "$webhook" Success
	[[ $page == *'can be cancelled when this attempt has ended'* ]]
	[[ $page != *"/$webhook/cancel"* ]]
	request POST "/webhooks/$webhook/cancel"
	assert_code 409
	assert_json . '{"detail":"Webhook is not pending"}'
}

@test "cancelled under load: Cancelled never arrives, all else is a Success" {
	local path subscription webhook ids=$BATS_TEST_TMPDIR/ids
	path=$(own /slow-ms/300)
	subscription=$(subscribe "$path")
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 60 16 "$subscription" |
	    sort >"$ids"
	# eight at a time are sent: the others wait behind them
	xargs -P 8 -I{} curl -s -m 20 -X POST -o /dev/null \
	    -w '%{http_code} {}\n' "$URL/webhooks/{}/cancel" <"$ids" |
	    sort >"$ids.answers"
	eventually 20 settled "$subscription"
	sleep 0.5
	arrivals "$path" | jq -r '.[].id' | sort >"$ids.came"
	sed -n 's/^200 //p' "$ids.answers" | sort >"$ids.cancelled"
	[ "$(cut -c1-3 "$ids.answers" | sort -u | xargs)" = '200 409' ]
	sort "$ids.came" "$ids.cancelled" | cmp - "$ids"
	[ "$(sql "SELECT count(*), count(DISTINCT webhook_id), min(outcome)
	    FROM delivery_logs WHERE subscription_id = '$subscription'")" = \
	    "$(wc -l <"$ids.came")|$(wc -l <"$ids.came")|Success" ]
}

# What each of 300 webhooks was, read again and again until it had ended.
reads() {	# SUBSCRIPTION
	python3 - "$URL" "$1" <<-'P' 3>&- 4>&-
	import http.client, json, sys, threading, urllib.parse
	url, seen = urllib.parse.urlsplit(sys.argv[1]), []
	def ask(c, method, path, body=None):
	    c.request(method, path, body, {"Content-Type": "application/json"})
	    return json.loads(c.getresponse().read())
	def read():
	    c = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
	    for _ in range(75):
	        id = ask(c, "POST", "/ingest/" + sys.argv[2], "{}")["webhook_id"]
	        state = None
	        while state in (None, "pending", "in_flight"):
	            w = ask(c, "GET", "/webhooks/" + id)
	            state = w["state"]
	            seen.append((state, w["attempts"],
	                         (w["last_attempt"] or {}).get("outcome")))
	threads = [threading.Thread(target=read) for _ in range(4)]
	[t.start() for t in threads]
	[t.join() for t in threads]
	for one in seen:
	    print(*one)
	P
}

@test "one answer is of one moment: never in flight beside a final Success" {
	local seen
	seen=$(reads "$(subscribe "$(own /ok)")" | sort | uniq -c)
	echo "# $(xargs <<<"$seen")" >&3
	[ "$(grep -c 'Success 1 Success$' <<<"$seen")" = 1 ]
	[ "$(grep -cvE ' (pending|in_flight) 0 None$' <<<"$seen")" = 1 ]
}

@test "resend: a new round with all retries, and attempt numbers go on" {
	local path subscription webhook
	subscription=$(subscribe_by_row http://10.0.0.1/)	# refused at once
	webhook=$(ingest "$subscription" '{"n": 1}' -H 'X-Event-Type: a.b')
	outcome 10 "$webhook" Failure
	path=$(own /fail-n/1)
	request PATCH "/subscriptions/$subscription" \
	    -d "{\"target_url\": \"$RECEIVER$path\"}"
	request POST "/webhooks/$webhook/resend"
	assert_code 202
	assert_json '[.id, .attempts, .event_type]' "[\"$webhook\",1,\"a.b\"]"
	[[ $(json .state) =~ ^(pending|in_flight)$ ]]
	request POST "/webhooks/$webhook/resend"
	assert_code 409
	assert_json . '{"detail":"Webhook is pending"}'
	outcome 10 "$webhook" Success
	assert_json '[.recent_attempts[].attempt_number]' '[3,2,1]'
	[ "$(arrived_body "$path" 1)" = '{"n": 1}' ]
	state_is "$webhook" Success
}

@test "resend of a webhook that has spent retries gives them all back" {
	local subscription webhook
	subscription=$(subscribe "$(own /status/500)")
	webhook=$(ingest "$subscription" '{}')
	spent() { [ "$(sql "SELECT retries >= 2 FROM pending
	    WHERE webhook_id = '$webhook'")" = t ]; }
	eventually 10 spent
	request POST "/subscriptions/$subscription/pause"
	request POST "/webhooks/$webhook/cancel"
	request POST "/webhooks/$webhook/resend"
	assert_code 202
	[ "$(sql "SELECT retries || ' ' || (attempts >= 2) FROM pending
	    WHERE webhook_id = '$webhook'")" = '0 true' ]
	request DELETE "/subscriptions/$subscription"
}

@test "resend of what was a Success, was cancelled, or is held" {
	local path subscription webhook
	path=$(own /ok)
	subscription=$(subscribe "$path")
	webhook=$(ingest "$subscription" '{}')
	outcome 5 "$webhook" Success
	request POST "/webhooks/$webhook/resend"
	assert_code 202
	eventually 2 arrived "$path" 2
	eventually 5 state_is "$webhook" Success
	state_is "$webhook" Success
	assert_json '[.attempts, .last_attempt.attempt_number]' '[2,2]'
	request POST "/subscriptions/$subscription/pause"
	request POST "/webhooks/$webhook/resend"
	assert_code 202
	request POST "/webhooks/$webhook/cancel"
	assert_code 200
	assert_json .state '"Cancelled"'
	request POST "/webhooks/$webhook/resend"
	assert_code 202
	assert_json .state '"pending"'
	request POST "/subscriptions/$subscription/resume"
	eventually 5 state_is "$webhook" Success
	state_is "$webhook" Success
	assert_json .attempts 3
	[ "$(arrivals "$path" | jq -r '[.[].id] | unique[]')" = "$webhook" ]
}

@test "the attempts of a resend are found hours after the acceptance" {
	local subscription webhook accepted
	subscription=$(subscribe "$(own /ok)")
	accepted="now() - interval '5 hours'"
	for hours in 5 4; do	# one partition each, as if they had been there
		sql "SELECT make_partition('webhooks', now() - interval
		    '$hours hours'), make_partition('delivery_logs',
		    now() - interval '$hours hours')" >/dev/null
	done
	webhook=$(sql "SELECT overlay(uuid_new()::text placing
	    left(uuid_at($accepted)::text, 13) from 1)")
	sql "INSERT INTO webhooks (id, subscription_id, payload, filtered)
	    VALUES ('$webhook', '$subscription', '{}', false);
	    INSERT INTO delivery_logs (id, webhook_id, subscription_id,
	    target_url, attempt_number, outcome, final, status_code)
	    VALUES (uuid_at($accepted + interval '1 second'), '$webhook',
	    '$subscription', 'http://x/', 1, 'Failure', true, 410)"
	request GET "/status/$webhook"
	assert_json '[.total_attempts, .final_outcome]' '[1,"Failure"]'
	request POST "/webhooks/$webhook/resend"
	assert_code 202
	outcome 5 "$webhook" Success
	assert_json '[.recent_attempts[].attempt_number]' '[2,1]'
}

@test "resend is 410 once it is too old, 409 when filtered or deleted, else 404" {
	local subscription webhook old
	old=$(sql "SELECT overlay(uuid_new()::text placing
	    left(uuid_at(now() - interval '70 hours 1 second')::text, 13)
	    from 1)")
	request POST "/webhooks/$old/resend"
	assert_code 410
	assert_json . '{"detail":"Webhook is too old to be sent again"}'
	subscription=$(subscribe "$(own /ok)" '' '["a"]')
	webhook=$(ingest "$subscription" '{}' -H 'X-Event-Type: b')
	request POST "/webhooks/$webhook/resend"
	assert_code 409
	[[ $(json .detail) == *filtered* ]]
	request POST "/webhooks/$webhook/cancel"
	assert_code 409
	webhook=$(ingest "$subscription" '{}')
	outcome 5 "$webhook" Success
	request DELETE "/subscriptions/$subscription"
	request POST "/webhooks/$webhook/resend"
	assert_code 409
	assert_json . '{"detail":"Subscription is deleted"}'
	for what in resend cancel; do
		request POST "/webhooks/$(sql 'SELECT uuid_new()')/$what"
		assert_code 404
		assert_json . '{"detail":"Webhook not found"}'
		request POST "/webhooks/x/$what"
		assert_faults 1
		request GET "/webhooks/$webhook/$what"
		assert_code 405
	done
}

@test "pause and resume: unknown, deleted, no UUID, wrong method" {
	local subscription what
	subscription=$(subscribe "$(own /ok)")
	request DELETE "/subscriptions/$subscription"
	for what in pause resume; do
		for id in "$subscription" $NOBODY; do
			request POST "/subscriptions/$id/$what"
			assert_code 404
			assert_json . '{"detail":"Subscription not found"}'
		done
		request POST "/subscriptions/x/$what"
		assert_faults 1
		request DELETE "/subscriptions/$NOBODY/$what"
		assert_code 405
	done
}

@test "twenty resends at once open one round" {
	local path subscription webhook codes
	path=$(own /ok)
	subscription=$(subscribe "$path")
	webhook=$(ingest "$subscription" '{}')
	outcome 5 "$webhook" Success
	request POST "/subscriptions/$subscription/pause"
	codes=$(seq 20 | xargs -P 20 -I{} curl -s -m 20 -X POST -o /dev/null \
	    -w '%{http_code}\n' "$URL/webhooks/$webhook/resend" | sort |
	    uniq -c | tr -s ' ' | paste -sd,)
	[ "$codes" = ' 1 202, 19 409' ] || fail "$codes"
	request POST "/subscriptions/$subscription/resume"
	eventually 5 state_is "$webhook" Success
	[ "$(arrivals "$path" | jq length)" = 2 ]
}

# dead_letter WEBHOOK: the reason that it is filed under, nothing when it is
# none.
dead_letter() {
	sql "SELECT reason FROM dead_letters WHERE webhook_id = '$1'"
}

@test "a Failure is a dead letter, until it is sent again" {
	local webhook
	webhook=$(ingest "$(subscribe "$(own /status/500)")" '{}')
	eventually 5 ended 'Failed Attempt' "$webhook"
	[ -z "$(dead_letter "$webhook")" ]
	request POST "/webhooks/$webhook/cancel"
	assert_code 200
	webhook=$(ingest "$(subscribe "$(own /status/410)")" '{}')
	outcome 5 "$webhook" Failure
	[ "$(dead_letter "$webhook")" = 'HTTP 410' ]
	request POST "/webhooks/$webhook/resend"
	assert_code 202
	[ -z "$(dead_letter "$webhook")" ]
	request POST "/webhooks/$webhook/cancel"
	assert_code 200
	[ -z "$(dead_letter "$webhook")" ]
}

@test "what ends without an attempt is a dead letter too" {
	local subscription webhook
	subscription=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$subscription/pause"
	webhook=$(ingest "$subscription" '{}')
	request DELETE "/subscriptions/$subscription"
	eventually 8 ended Failure "$webhook"
	[ "$(dead_letter "$webhook")" = 'subscription deleted' ]
}

@test "an attempt keeps its phases and what it was signed with" {
	local path webhook row
	path=$(own /slow-ms/200)
	webhook=$(ingest "$(subscribe "$path" secret)" '{}')
	outcome 5 "$webhook" Success
	row=$(sql "SELECT first_byte_us BETWEEN 200000 AND duration_ms * 1000
	    + 1000, coalesce(dns_us <= connect_us AND connect_us
	    < first_byte_us, true), tls_us IS NULL, signatures
	    FROM delivery_logs WHERE webhook_id = '$webhook'")
	[[ $row == 't|t|t|v1,'* ]]
	[ "${row##*|}" = "$(arrivals "$path" | jq -r \
	    '.[0].headers["webhook-signature"]')" ]
}
