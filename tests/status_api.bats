load helper

@test "no attempt yet is 404, and the webhook itself is known" {
	local subscription webhook
	subscription=$(subscribe "$(own /gate/never)")
	webhook=$(ingest "$subscription" '{"a": 1}' -H 'X-Event-Type: a.b')
	request GET "/status/$webhook"
	assert_code 404
	assert_json . '{"detail":"No delivery logs for given webhook_id"}'
	request GET "/webhooks/$webhook"
	assert_code 200
	assert_json '[.id, .subscription_id, .event_type, .payload_bytes]' \
	    "[\"$webhook\",\"$subscription\",\"a.b\",8]"
	request DELETE "/subscriptions/$subscription"
}

@test "an unknown webhook is 404" {
	request GET /status/$NOBODY
	assert_code 404
	assert_json . '{"detail":"No delivery logs for given webhook_id"}'
	request GET /webhooks/$NOBODY
	assert_code 404
	json .detail >/dev/null
}

@test "the status has every key of the contract, with its type" {
	local subscription webhook before
	before=$(date -u +%FT%TZ)
	subscription=$(subscribe "$(own /fail-n/1)")
	webhook=$(ingest "$subscription" '{}')
	outcome 10 "$webhook" Success
	assert_json '[.webhook_id, .subscription_id, .total_attempts,
	    .final_outcome, .last_status_code, .error]' \
	    "[\"$webhook\",\"$subscription\",2,\"Success\",200,null]"
	assert_json '.recent_attempts | length' 2
	assert_json '.recent_attempts[0].timestamp == .last_attempt_at' true
	[[ $(json .last_attempt_at) =~ \
	    ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z$ ]]
	[[ ! $(json .last_attempt_at) < $before ]]
	assert_json '.recent_attempts[1] | [.webhook_id, .subscription_id,
	    .attempt_number, .outcome, .status_code, .error]' \
	    "[\"$webhook\",\"$subscription\",1,\"Failed Attempt\",503,\"HTTP 503\"]"
	[[ $(json '.recent_attempts[0].id') =~ $UUID ]]
	[ "$(json '.recent_attempts[0].target_url')" = \
	    "$(sql "SELECT target_url FROM subscriptions
	    WHERE id = '$subscription'")" ]
}

@test "while a retry waits the final outcome is that of the newest attempt" {
	local path webhook
	path=$(own /status/500)
	webhook=$(ingest "$(subscribe "$path")" '{}')
	outcome 5 "$webhook" 'Failed Attempt'
	assert_json '[.last_status_code, .error]' '[500,"HTTP 500"]'
	request GET "/webhooks/$webhook"
	assert_code 200
	outcome 20 "$webhook" Failure
}

@test "at most 20 recent attempts, newest first, and all are counted" {
	local subscription webhook
	subscription=$(subscribe /ok)
	webhook=$(sql "SELECT uuid_new()")
	sql "INSERT INTO webhooks (id, subscription_id, payload, filtered)
	    VALUES ('$webhook', '$subscription', '{}', false)"
	sql "INSERT INTO delivery_logs (id, webhook_id, subscription_id,
	    target_url, attempt_number, outcome, final, status_code)
	    SELECT uuid_new(), '$webhook', '$subscription', 'http://x/', n,
	    'Failed Attempt', false, 500 FROM generate_series(1, 30) AS n"
	request GET "/status/$webhook"
	assert_code 200
	assert_json '[.total_attempts, (.recent_attempts | length)]' '[30,20]'
	assert_json '.recent_attempts | map(.attempt_number) == [range(30; 10; -1)]' \
	    true
}

@test "attempts of a subscription: newest first, to the limit asked for" {
	local subscription
	subscription=$(subscribe "$(own /ok)")
	request GET "/subscriptions/$subscription/attempts"
	assert_code 200
	assert_json . '[]'
	for number in $(seq 25); do
		ingest "$subscription" "$number" >/dev/null
	done
	eventually 15 settled "$subscription"
	request GET "/subscriptions/$subscription/attempts"
	assert_code 200
	assert_json length 20
	assert_json '[.[].timestamp] | . == (sort | reverse)' true
	assert_json '[.[].subscription_id] | unique' "[\"$subscription\"]"
	request GET "/subscriptions/$subscription/attempts?limit=3"
	assert_json length 3
	request GET "/subscriptions/$subscription/attempts?limit=1000"
	assert_json length 25
	request GET "/subscriptions/$subscription/attempts?limit=0"
	assert_code 200
	assert_json . '[]'
}

@test "attempts of an unknown subscription are an empty list" {
	request GET /subscriptions/$NOBODY/attempts
	assert_code 200
	assert_json . '[]'
}

@test "attempts stay readable when the subscription is deleted" {
	local subscription webhook
	subscription=$(subscribe "$(own /ok)")
	webhook=$(ingest "$subscription" '{}')
	outcome 10 "$webhook" Success
	request DELETE "/subscriptions/$subscription"
	assert_code 204
	request GET "/subscriptions/$subscription/attempts"
	assert_json length 1
	request GET "/status/$webhook"
	assert_code 200
}

@test "hostile bytes of a receiver leave the JSON well-formed" {
	local subscription webhook
	subscription=$(subscribe "$(own /hostile)")
	webhook=$(ingest "$subscription" '{}')
	outcome 10 "$webhook" Success
	request GET "/subscriptions/$subscription/attempts"
	assert_code 200
	assert_json length 1
}
