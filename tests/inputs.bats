# What a client gives that could not work is refused by name; what a browser
# would take is taken.
load helper

@test "an event type that no header can hold is 422, and names its place" {
	local entry
	for entry in '""' '" a"' '"a "' '"a\tb"' '"a\nb"' '"\u0001"' '"a\u007f"'; do
		request POST /subscriptions/ -d "{\"target_url\":
		    \"$RECEIVER/ok\", \"events\": [\"fine\", $entry]}"
		assert_faults 1
		assert_json '.detail[0].loc' '["body","events",1]'
		assert_json '.detail[0].type' '"string_pattern_mismatch"'
		[ "$(json '.detail[0].input | tojson')" = "$(jq -c . <<<"$entry")" ]
	done
	request PATCH "/subscriptions/$(subscribe /ok)" -d '{"events": [""]}'
	assert_faults 1
}

# Each of them arrives: the door and the header agree on what fits.
@test "whatever is accepted as an event type can be sent in the header" {
	local path subscription type sent=0
	path=$(own /ok)
	for type in 'order.paid' 'a b' 'bücher' '*' "$(printf 'e%.0s' {1..255})"; do
		subscription=$(subscribe "$path" '' \
		    "$(jq -nc --arg type "$type" '[$type]')")
		ingest "$subscription" 1 -H "X-Event-Type: $type" >/dev/null
		eventually 5 arrived "$path" $((++sent))
	done
}

@test "hosts as browsers take them come back in punycode" {
	local given want
	while read -r given want; do
		request POST /subscriptions/ -d "{\"target_url\": \"$given\"}"
		assert_code 201
		assert_json .target_url "\"$want\""
	done <<-'E'
		http://☃.net/ http://xn--n3h.net/
		http://💩.la/x http://xn--ls8h.la/x
		http://i❤️.ws http://xn--i-7iq.ws/
		http://faß.de/ http://xn--fa-hia.de/
		http://127.0.0.1./ http://127.0.0.1/
		http://127.1.:8080/ http://127.0.0.1:8080/
	E
	request POST /subscriptions/ -d '{"target_url": "http://a℀b.net/"}'
	assert_fault url_parsing '["body","target_url"]' \
	    'Input should be a valid URL, invalid international domain name'
}

@test "an address with a dot at its end is delivered to" {
	local path id
	path=$(own /ok)
	id=$(subscribe "${RECEIVER/127.0.0.1/127.0.0.1.}$path")
	ingest "$id" 1 >/dev/null
	eventually 5 arrived "$path" 1
}

@test "resend refuses keys that it does not know, and sends nothing" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path")
	outcome 5 "$(ingest "$subscription" 1)" Success
	request POST "/subscriptions/$subscription/resend" \
	    -d '{"outcome": "Success", "form": "2026-01-31T00:00:00Z", "limit": 1}'
	assert_faults 2
	assert_fault extra_forbidden '["body","form"]' \
	    'Extra inputs are not permitted'
	assert_fault extra_forbidden '["body","limit"]' \
	    'Extra inputs are not permitted'
	sleep 0.5
	[ "$(arrivals "$path" | jq length)" = 1 ]
	request POST "/subscriptions/$subscription/resend" \
	    -d '{"outcome": "Success", "since": null, "cursor": null}'
	assert_code 202
	assert_json .resent 1
}

# Its subscription is gone before the first request.
@test "a webhook that was never sent has had no attempts" {
	local subscription webhook
	subscription=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$subscription/pause"
	webhook=$(ingest "$subscription" 1)
	request DELETE "/subscriptions/$subscription"
	assert_code 204
	outcome 15 "$webhook" Failure
	assert_json '[.total_attempts, .error]' '[0,"subscription deleted"]'
	request GET "/webhooks/$webhook"
	assert_json '[.state, .attempts]' '["Failure",0]'
	request GET "/webhooks?subscription_id=$subscription"
	assert_json '[.webhooks[0] | .state, .attempts, .error]' \
	    '["Failure",0,"subscription deleted"]'
}

@test "one that was sent twice before its subscription went has had two" {
	local subscription webhook path
	path=$(own /status/503)
	subscription=$(subscribe "$path")
	webhook=$(ingest "$subscription" 1)
	eventually 10 arrived "$path" 2
	request POST "/subscriptions/$subscription/pause"
	sleep 0.5
	request DELETE "/subscriptions/$subscription"
	outcome 15 "$webhook" Failure
	assert_json '[.total_attempts, .error]' '[2,"subscription deleted"]'
	request GET "/webhooks/$webhook"
	assert_json .attempts 2
	request GET "/webhooks?subscription_id=$subscription"
	assert_json '.webhooks[0].attempts' 2
}

@test "an option of token create that is given twice is refused" {
	run stack exec postrider-admin token create --name twice \
	    --scope read --scope write
	assert_failure 100
	assert_output --partial '--scope is given twice'
	assert_output --partial 'read,ingest'
	run stack exec postrider-admin token create --name twice --name thrice \
	    --scope read
	assert_failure 100
	assert_output --partial '--name is given twice'
	[ "$(sql "SELECT count(*) FROM tokens WHERE name ~ 'twice|thrice'")" = 0 ]
}

@test "a form's event type that no header can hold is said at its field" {
	submit /ui/subscriptions/new "target_url=$RECEIVER/ok" \
	    "events=fine"$'\n'"bad"$'\001'
	assert_code 422
	[[ $body == *'control characters'* ]]
	[ "$(sql "SELECT count(*) FROM subscriptions
	    WHERE 'fine' = ANY (events) AND cardinality(events) = 2")" = 0 ]
}
