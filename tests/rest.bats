# What the API can do beyond the reference: lists, figures, and acts of people.
load helper

webhook_is() {	# WEBHOOK STATE
	request GET "/webhooks/$1"
	[ "$(json .state)" = "$2" ] || { echo "${body:0:600}"; return 1; }
}

# ended_as OUTCOME SUBSCRIPTION BODY…: a webhook of each body, once it ended so;
# their ids.
ended_as() {
	local wanted=$1 subscription=$2 ids=() id
	shift 2
	for id; do ids+=("$(ingest "$subscription" "$id")"); done
	for id in "${ids[@]}"; do
		eventually 20 webhook_is "$id" "$wanted" >&2 || return 1
	done
	printf '%s\n' "${ids[@]}"
}

listed() {	# QUERY: the ids of all its pages, and a line for each page
	local cursor=
	while :; do
		request GET "/webhooks?$1${cursor:+&cursor=$cursor}"
		assert_code 200 >&2 || return 1
		json '.webhooks[].id'
		cursor=$(json '.next_cursor // empty')
		[ -n "$cursor" ] || return 0
	done
}

@test "webhooks are listed newest first, with what became of them" {
	local subscription first second
	subscription=$(subscribe "$(own /ok)" '' '["a.b", "c.d"]')
	first=$(ingest "$subscription" '{}' -H 'X-Event-Type: a.b')
	second=$(ingest "$subscription" '{}' -H 'X-Event-Type: none')
	eventually 10 webhook_is "$first" Success
	request GET "/webhooks?subscription_id=$subscription"
	assert_code 200
	assert_json '[.webhooks[].id]' "[\"$second\",\"$first\"]"
	assert_json .next_cursor null
	assert_json '[.webhooks[].state]' '["filtered","Success"]'
	assert_json '.webhooks[1] | [.subscription_id, .event_type, .due_at,
	    .attempts, .last_status_code, .error]' \
	    "[\"$subscription\",\"a.b\",null,1,200,null]"
	assert_json '.webhooks[1].duration_ms | type' '"number"'
	[[ $(json '.webhooks[1].target_url') == "$RECEIVER"/ok/* ]]
}

@test "a cursor leads through all of them, each once, while others come" {
	local subscription ids=$BATS_TEST_TMPDIR/ids
	subscription=$(subscribe "$(own /ok)")
	for number in $(seq 25); do ingest "$subscription" "$number"; done |
		sort -r >"$ids"
	request GET "/webhooks?subscription_id=$subscription&limit=10"
	json '.webhooks[].id' >"$ids.seen"
	local cursor
	cursor=$(json .next_cursor)
	ingest "$subscription" '"later"' >/dev/null
	listed "subscription_id=$subscription&limit=10&cursor=$cursor" \
	    >>"$ids.seen"
	cmp "$ids" "$ids.seen"
}

@test "lists are filtered by outcome, event type and time" {
	local path subscription failed held middle
	path=$(own /status/500)
	subscription=$(subscribe "$path")
	failed=$(ended_as Failure "$subscription" 1)
	middle=$(date -u +%FT%T.%3NZ)
	request POST "/subscriptions/$subscription/pause"
	held=$(ingest "$subscription" 2 -H 'X-Event-Type: x y')
	local of="subscription_id=$subscription"
	[ "$(listed "$of&outcome=Failure")" = "$failed" ]
	[ "$(listed "$of&outcome=pending")" = "$held" ]
	[ -z "$(listed "$of&outcome=Success")" ]
	[ "$(listed "$of&event_type=x%20y")" = "$held" ]
	[ "$(listed "$of&from=$middle")" = "$held" ]
	[ "$(listed "$of&to=$middle")" = "$failed" ]
	[ -z "$(listed "$of&from=$middle&to=$middle")" ]
	request GET "/webhooks?$of&outcome=Failure"
	assert_json '.webhooks[0] | [.last_status_code, .error]' \
	    '[500,"HTTP 500"]'
	request POST "/webhooks/$held/cancel"
	[ "$(listed "$of&outcome=Cancelled")" = "$held" ]
	[ -z "$(listed "subscription_id=$NOBODY")" ]
}

@test "what a list cannot mean is 422, all faults at once" {
	request GET "/webhooks?outcome=lost&subscription_id=x&from=yesterday&limit=0&cursor=1"
	assert_faults 5
	assert_fault literal_error '["query","outcome"]' "Input should be 'pending', 'Success', 'Failure', 'filtered' or 'Cancelled'"
	assert_fault datetime_parsing '["query","from"]' 'Input should be a valid datetime, as 2026-01-31T23:59:59Z'
	assert_fault greater_than_equal '["query","limit"]' 'Input should be greater than or equal to 1'
	request GET "/webhooks?limit=101"
	assert_fault less_than_equal '["query","limit"]' 'Input should be less than or equal to 100'
	request GET "/webhooks?event_type=%00"
	assert_faults 1
	request GET "/webhooks?event_type=%ff"
	assert_faults 1
	request POST /webhooks
	assert_code 405
}

@test "retry-now makes the next attempt due at once" {
	local path subscription webhook
	path=$(own /retry-after/3000)
	subscription=$(subscribe "$path")
	webhook=$(ingest "$subscription" '{}')
	eventually 5 ended 'Failed Attempt' "$webhook"
	request POST "/webhooks/$webhook/retry-now"
	assert_code 200
	assert_json .id "\"$webhook\""
	outcome 5 "$webhook" Success
	assert_json .total_attempts 2
	request POST "/webhooks/$webhook/retry-now"
	assert_code 409
	assert_json . '{"detail":"Webhook is not pending"}'
	request POST "/webhooks/$NOBODY/retry-now"
	assert_code 404
	assert_json . '{"detail":"Webhook not found"}'
	request POST /webhooks/x/retry-now
	assert_faults 1
	request POST "/subscriptions/$subscription/pause"
	webhook=$(ingest "$subscription" '{}')
	request POST "/webhooks/$webhook/retry-now"
	assert_code 409
	assert_json . '{"detail":"Subscription is paused or disabled"}'
}

@test "failures of a subscription are sent again, those since a time" {
	local path subscription old new middle
	path=$(own /status/503)
	subscription=$(subscribe "$path")
	old=$(ended_as Failure "$subscription" 1)
	middle=$(date -u +%FT%T.%3NZ)
	new=$(ended_as Failure "$subscription" 2 3)
	request PATCH "/subscriptions/$subscription" \
	    -d "{\"target_url\": \"$RECEIVER$(own /ok)\"}"
	request POST "/subscriptions/$subscription/resend" \
	    -d "{\"since\": \"$middle\"}"
	assert_code 202
	assert_json . '{"resent":2,"found":2,"next_cursor":null}'
	for webhook in $new; do outcome 5 "$webhook" Success; done
	request GET "/webhooks/$old"
	assert_json .state '"Failure"'
	request POST "/subscriptions/$subscription/resend"
	assert_code 202
	assert_json . '{"resent":1,"found":1,"next_cursor":null}'
	outcome 5 "$old" Success
	request POST "/subscriptions/$subscription/resend"
	assert_json . '{"resent":0,"found":0,"next_cursor":null}'
	request POST "/subscriptions/$subscription/resend" \
	    -d '{"outcome": "Success"}'
	assert_json .resent 3
}

@test "resending goes page by page, until the cursor is null" {
	local subscription resent=0 cursor=null pages=0
	subscription=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$subscription/pause"
	sql "WITH made AS (INSERT INTO webhooks (id, subscription_id, payload,
	    filtered) SELECT uuid_new(), '$subscription', '{}', false
	    FROM generate_series(1, 1203) RETURNING id)
	    INSERT INTO dead_letters SELECT id, '$subscription', 'HTTP 500',
	    now() FROM made"
	while :; do
		request POST "/subscriptions/$subscription/resend" \
		    -d "{\"cursor\": $cursor}"
		assert_code 202
		resent=$((resent + $(json .resent)))
		pages=$((pages + 1))
		[ "$(json .found)" -le 500 ]
		cursor=$(json '.next_cursor | tojson')
		[ "$cursor" != null ] || break
	done
	[ $resent = 1203 ]
	[ $pages -ge 3 ]
	[ "$(sql "SELECT count(*) FROM pending
	    WHERE subscription_id = '$subscription'")" = 1203 ]
	request DELETE "/subscriptions/$subscription"
}

@test "a resend of many says what is wrong with it" {
	local subscription
	subscription=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$subscription/resend" \
	    -d '{"since": "soon", "outcome": "pending", "cursor": 3}'
	assert_faults 3
	assert_fault literal_error '["body","outcome"]' \
	    "Input should be 'Failure', 'Success' or 'Cancelled'"
	assert_fault string_type '["body","cursor"]' \
	    'Input should be a valid string'
	request POST "/subscriptions/$subscription/resend" -d '[]'
	assert_fault model_attributes_type '["body"]' 'Input should be a valid dictionary or object to extract fields from'
	request POST "/subscriptions/$subscription/resend" -d '{'
	assert_faults 1
	request POST "/subscriptions/$NOBODY/resend"
	assert_code 404
	assert_json . '{"detail":"Subscription not found"}'
}

@test "a test event arrives as the receiver will see others" {
	local path subscription webhook
	path=$(own /ok)
	subscription=$(subscribe "$path" secret '["order.paid"]')
	request POST "/subscriptions/$subscription/test"
	assert_code 202
	webhook=$(json .webhook_id)
	[[ $webhook =~ $UUID ]]
	outcome 10 "$webhook" Success
	arrivals "$path" | jq -e '.[0].headers | with_entries(.key |=
	    ascii_downcase) | ."webhook-signature" != null and
	    ."x-event-type" == "order.paid"'
	arrived_body "$path" 0 | jq -e type
	request POST "/subscriptions/$subscription/test" \
	    -d '{"event_type": "order.paid", "payload": {"n": 1e2, "ö": [null]}}'
	assert_code 202
	outcome 10 "$(json .webhook_id)" Success
	[ "$(arrived_body "$path" 1 | jq -c .)" = '{"n":100,"ö":[null]}' ]
	request POST "/subscriptions/$subscription/test" -d '{"payload": null}'
	assert_code 202
	outcome 10 "$(json .webhook_id)" Success
	[ "$(arrived_body "$path" 2)" = null ]
	request POST "/subscriptions/$subscription/test" \
	    -d '{"event_type": "not wanted"}'
	assert_code 202
	request GET "/webhooks/$(json .webhook_id)"
	assert_json .state '"filtered"'
}

@test "a test event passes where producers must sign, and not without a subscription" {
	local subscription
	request POST /subscriptions/ -d "$(jq -nc --arg url \
	    "$RECEIVER$(own /ok)" '{target_url: $url, secret: "s",
	    verify_ingest: "standard-webhooks"}')"
	subscription=$(json .id)
	request POST "/ingest/$subscription" -d '{}'
	assert_code 401
	request POST "/subscriptions/$subscription/test"
	assert_code 202
	outcome 10 "$(json .webhook_id)" Success
	request POST "/subscriptions/$NOBODY/test"
	assert_code 404
	request POST "/subscriptions/$subscription/test" \
	    -d '{"event_type": "a\nb"}'
	assert_fault string_pattern_mismatch '["body","event_type"]' \
	    "String should be UTF-8 without control characters, and without\
 blanks around it: no X-Event-Type header can hold it"
	request POST "/subscriptions/$subscription/test" \
	    -d '{"event_type": " paid"}'
	assert_fault string_pattern_mismatch '["body","event_type"]' \
	    "String should be UTF-8 without control characters, and without\
 blanks around it: no X-Event-Type header can hold it"
	request POST "/subscriptions/$subscription/test" -d '{"event_type": ""}'
	assert_fault string_pattern_mismatch '["body","event_type"]' \
	    'An event type cannot be empty: for none leave it out'
	request POST "/subscriptions/$subscription/test" \
	    -d '{"event_type": 7, "payload": 1'
	assert_faults 1
}

@test "stats count what happened, by quarter and in all" {
	local subscription
	subscription=$(subscribe "$(own /fail-n/1)")
	ended_as Success "$subscription" 1 2 >/dev/null
	request PATCH "/subscriptions/$subscription" \
	    -d "{\"target_url\": \"$REFUSED/\"}"
	ended_as Failure "$subscription" 3 >/dev/null
	request GET "/stats?subscription_id=$subscription&hours=2"
	assert_code 200
	assert_json '[.subscription_id, .successes, .failed_attempts, .failures,
	    .success_rate]' "[\"$subscription\",2,7,1,0.2]"
	assert_json '.quarters | length' 8
	assert_json '[.quarters[].successes] | add' 2
	assert_json '[.quarters[].begins_at] | . == sort and .[0] == "'"$(json \
	    .from)"'"' true
	assert_json '[.latency_p50_ms, .latency_p95_ms] |
	    .[0] >= 0 and .[0] <= .[1]' true
	request GET /stats
	assert_json '(.quarters | length) == 96 and .subscription_id == null and
	    .successes >= 2' true
	request GET "/stats?subscription_id=$NOBODY"
	assert_json '[.success_rate, .latency_p50_ms, .successes]' \
	    '[null,null,0]'
	request GET '/stats?hours=25&subscription_id=x'
	assert_faults 2
	request GET '/stats?hours=0'
	assert_faults 1
}

@test "without PostgreSQL these are 503, as everything is" {
	local path
	stack part-stop postgresql
	for path in /webhooks /stats; do
		request GET $path
		[ "$code" = 503 ] || break
	done
	stack part-start postgresql
	assert_code 503
	assert_json '.detail | type' '"string"'
	eventually 20 ready
}
