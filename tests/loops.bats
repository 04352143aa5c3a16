# Webhooks that come back to the door they left by.
load helper

# Whatever happens, no loop outlives its test.
teardown() {
	sql "UPDATE subscriptions SET state = 'deleted'
	    WHERE target_url LIKE '$URL/ingest/%'"
}

aim() {	# SUBSCRIPTION TARGET: sends what it gets to the other's ingest URL
	request PATCH "/subscriptions/$1" \
	    -d "{\"target_url\": \"$URL/ingest/$2\"}"
	assert_code 200
}

kept() {	# SUBSCRIPTION…: how many webhooks they were given in all
	local ids
	ids=$(printf "'%s'," "$@")
	sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id IN (${ids%,})"
}

at_its_end() {	# WEBHOOK
	ended 'Failed Attempt' "$1" || ended Failure "$1"
}

newest() { sql "SELECT id FROM webhooks WHERE subscription_id = '$1'
    ORDER BY id DESC LIMIT 1"; }

given() {	# COUNT SUBSCRIPTION…
	local want=$1
	shift
	[ "$(kept "$@")" -ge "$want" ] || { echo "$(kept "$@") webhooks"; return 1; }
}

@test "a subscription that targets itself stops after five hops" {
	local id
	id=$(subscribe /ok)
	aim "$id" "$id"
	ingest "$id" '{"round": "and round"}'
	eventually 15 given 6 "$id"
	eventually 15 at_its_end "$(newest "$id")"
	request GET "/status/$(newest "$id")"
	assert_json .last_status_code 508
	assert_json .error '"HTTP 508"'
	sleep 3	# and after retries
	[ "$(kept "$id")" = 6 ]
	[ "$(sql "SELECT string_agg(hops::text, ' ' ORDER BY id) FROM webhooks
	    WHERE subscription_id = '$id'")" = '0 1 2 3 4 5' ]
}

@test "so does a ring of three, each with a secret and a test event" {
	local one two three
	one=$(subscribe /ok first)
	two=$(subscribe /ok second)
	three=$(subscribe /ok third)
	aim "$one" "$two"
	aim "$two" "$three"
	aim "$three" "$one"
	request POST "/subscriptions/$two/test"
	assert_code 202
	eventually 15 given 6 "$one" "$two" "$three"
	eventually 15 at_its_end "$(newest "$one")"
	[ "$(kept "$one" "$two" "$three")" = 6 ]
}

@test "each delivery says one hop more, a resend the same again" {
	local path id webhook
	path=$(own /ok)
	id=$(subscribe "$path")
	webhook=$(ingest "$id" 1 -H 'Postrider-Hops: 4')
	outcome 10 "$webhook" Success
	request POST "/webhooks/$webhook/resend"
	assert_code 202
	ingest "$id" 2
	eventually 10 arrived "$path" 3
	[ "$(arrivals "$path" |
	    jq -r 'map(.headers["postrider-hops"]) | sort | join(" ")')" = \
	    '1 5 5' ]
}

@test "more hops than five are 508, what is no number is 422" {
	local id value
	id=$(subscribe /ok)
	for value in 6 9999; do
		request POST "/ingest/$id" -d 1 -H "Postrider-Hops: $value"
		assert_code 508
		[[ $(json .detail) == "Loop detected: Postrider has sent this \
on $value times"* ]]
	done
	for value in -1 1.5 x 10000 '1, 1' ' ' 0x5 +1; do
		request POST "/ingest/$id" -d 1 -H "Postrider-Hops:$value" \
		    -H 'Postrider-Hops;'
		assert_faults 1
		assert_fault int_parsing '["header","postrider-hops"]' \
		    'Input should be a number of hops, as Postrider sends it'
	done
	[ "$(kept "$id")" = 0 ]
	ingest "$id" 1 -H 'Postrider-Hops: 05'
}
