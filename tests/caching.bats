load helper

key() { redis --raw GET "subscription:$1"; }
cached() {	# ID FILTER VALUE
	local got
	got=$(key "$1" | jq -c "$2" 2>&1)
	[ "$got" = "$3" ] || { echo "$2 is $got"; return 1; }
}

@test "creating a subscription writes its entry, the secret encrypted" {
	local id
	id=$(subscribe /ok/cached s '["e"]')
	eventually 2 cached "$id" '[.id, .target_url, .events]' \
	    "[\"$id\",\"$RECEIVER/ok/cached\",[\"e\"]]"
	[[ $(key "$id" | jq -r .secret) == v1.*.* ]]
}

@test "every entry has a time to live, of a minute at most" {
	local id ttl
	id=$(subscribe /ok)
	eventually 2 cached "$id" .id "\"$id\""
	ttl=$(redis TTL "subscription:$id")
	[ "$ttl" -gt 0 ]
	[ "$ttl" -le 60 ]
}

@test "an update refreshes the entry" {
	local id before
	id=$(subscribe /ok s)
	eventually 2 cached "$id" .id "\"$id\""
	before=$(key "$id" | jq -r .secret)
	request PATCH "/subscriptions/$id" -d '{"secret": "t", "events": ["x"]}'
	assert_code 200
	eventually 2 cached "$id" .events '["x"]'
	[ "$(key "$id" | jq -r .secret)" != "$before" ]
	request GET "/subscriptions/$id"
	assert_json .secret '"t"'
}

@test "deleting removes the entry, and a read does not bring it back" {
	local id
	id=$(subscribe /ok)
	request DELETE "/subscriptions/$id"
	[ "$(redis EXISTS "subscription:$id")" = 0 ]
	request GET "/subscriptions/$id"
	assert_code 404
	[ "$(redis EXISTS "subscription:$id")" = 0 ]
}

@test "a miss is filled" {
	local id
	id=$(subscribe /ok s)
	redis DEL "subscription:$id"
	request GET "/subscriptions/$id"
	assert_code 200
	eventually 2 cached "$id" '[.id, .target_url]' \
	    "[\"$id\",\"$RECEIVER/ok\"]"
}

@test "a hit is served from Redis" {
	local id entry
	id=$(subscribe /ok s)
	request GET "/subscriptions/$id"
	entry=$(key "$id" | jq -c '.events = ["from Redis"]')
	redis SET "subscription:$id" "$entry" EX 30
	request GET "/subscriptions/$id"
	assert_json .events '["from Redis"]'
	assert_json .secret '"s"'
}

@test "an entry whose secret does not open is a miss" {
	local id other entry
	id=$(subscribe /ok s)
	other=$(subscribe /ok other)
	entry=$(key "$id" | jq -c --argjson other "$(key "$other")" \
	    '.secret = $other.secret')
	redis SET "subscription:$id" "$entry" EX 30
	request GET "/subscriptions/$id"
	assert_code 200
	assert_json .secret '"s"'
}

@test "a corrupt entry is a miss" {
	local id entry
	id=$(subscribe /ok s)
	for entry in '' 'no JSON' '[]' 'null' '{}' '{"id": 5}' \
	    "{\"id\": \"$NOBODY\", \"target_url\": \"http://x/\"}" \
	    "{\"id\": \"$id\", \"target_url\": 5, \"secret\": [],
	    \"events\": {}}"; do
		redis SET "subscription:$id" "$entry" EX 30
		request GET "/subscriptions/$id"
		assert_code 200
		assert_json '[.id, .target_url, .secret]' \
		    "[\"$id\",\"$RECEIVER/ok\",\"s\"]"
	done
	redis DEL "subscription:$id"
	redis LPUSH "subscription:$id" x
	request GET "/subscriptions/$id"
	assert_code 200
	assert_json .secret '"s"'
	redis DEL "subscription:$id"
}

@test "a stale entry misleads neither the ingest nor the delivery" {
	local path id entry webhook gone
	path=$(own /ok)
	id=$(subscribe "$path" s '["a"]')
	entry=$(key "$id" | jq -c ".target_url = \"$REFUSED/\" |
	    .secret = null | .events = [\"b\"]")
	redis SET "subscription:$id" "$entry" EX 30
	webhook=$(ingest "$id" '{}' -H 'X-Event-Type: a')
	outcome 10 "$webhook" Success
	[ "$(arrivals "$path" | jq '.[0].headers |
	    has("webhook-signature")')" = true ]
	gone=$(subscribe /ok)
	entry=$(key "$gone")
	request DELETE "/subscriptions/$gone"
	redis SET "subscription:$gone" "$entry" EX 30
	request POST "/ingest/$gone" -d '{}'
	assert_code 404
	redis DEL "subscription:$gone"
}

@test "FLUSHALL empties the cache and changes no answer" {
	local id
	id=$(subscribe /ok s)
	redis FLUSHALL
	request GET "/subscriptions/$id"
	assert_code 200
	assert_json .secret '"s"'
}

@test "with Redis stopped every call works, within a second" {
	local id began took
	id=$(subscribe /ok s)
	stack part-stop redis
	began=$(date +%s%N)
	request GET "/subscriptions/$id"
	took=$((($(date +%s%N) - began) / 1000000))
	local get=$code
	request POST /subscriptions/ -d '{"target_url": "http://example.com/"}'
	local post=$code other
	other=$(json .id)
	request PATCH "/subscriptions/$id" -d '{"secret": "t"}'
	local patch=$code
	request DELETE "/subscriptions/$other"
	local delete=$code
	request GET "/subscriptions/$id"
	local said=$body
	stack part-start redis
	[ "$get $post $patch $delete" = '200 201 200 204' ]
	[ "$(jq -r .secret <<<"$said")" = t ]
	[ "$took" -lt 1000 ]
	eventually 10 ready
}

@test "a frozen Redis is a miss too" {
	local id began took
	id=$(subscribe /ok s)
	stack signal redis STOP
	began=$(date +%s%N)
	request GET "/subscriptions/$id"
	took=$((($(date +%s%N) - began) / 1000000))
	local get=$code
	request POST "/ingest/$id" -d '{}'
	local post=$code
	stack signal redis CONT
	[ "$get $post" = '200 202' ]
	[ "$took" -lt 1500 ]
	eventually 10 settled "$id"
	eventually 10 ready
}

# As after a failover, or a Redis that ends connections which are idle.
@test "connections that Redis has closed are opened anew, and nobody is told" {
	local number
	for number in $(seq 20); do ready; done	# each process has one
	redis CLIENT KILL TYPE normal SKIPME yes
	sleep 1.1	# so long each process says the same
	for number in $(seq 20); do
		request GET /readyz
		assert_code 200
	done
}

pings() { redis INFO commandstats | sed -nE 's/^cmdstat_ping:calls=([0-9]+).*/\1/p'; }

@test "whoever asks for /readyz all the time costs a look a second and process" {
	local before began took
	before=$(pings) began=$(date +%s%N)
	run curl -s -o /dev/null -w '%{http_code}\n' "$URL/readyz?n=[1-400]"
	[ "$(sort <<<"$output" | uniq -c | xargs)" = '400 200' ]
	took=$((($(date +%s%N) - began) / 1000000000 + 2))
	[ $(($(pings) - before)) -le $((($(pids api | wc -l) + 1) * took)) ] ||
		fail "$(($(pings) - before)) looks in $took s"
	# what changes is told within the second
	stack part-stop redis
	sleep 1.1
	request GET /readyz
	local redis
	redis=$(json .redis)
	stack part-start redis
	[ "$redis" = false ]
	eventually 10 ready
}
