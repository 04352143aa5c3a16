load helper

setup_file() {
	load helper
	SOME=$(subscribe /ok/idempotency)
	export SOME
}

# A key of this test alone.
own_key() { printf 'key-%s-%s' "$BATS_TEST_NUMBER" "$(date +%s%N)"; }

keyed() {	# KEY BODY [CURL ARGUMENT…]: the webhook's id
	local key=$1 payload=$2
	shift 2
	ingest "$SOME" "$payload" -H "Idempotency-Key: $key" "$@"
}

reused() {	# KEY BODY [CURL ARGUMENT…]
	local key=$1 payload=$2
	shift 2
	request POST "/ingest/$SOME" --data-binary "$payload" \
	    -H "Idempotency-Key: $key" "$@"
	assert_faults 1
	assert_fault idempotency_key_reused '["header","idempotency-key"]' \
	    'Idempotency-Key was used for another request within 24 hours'
	assert_json '.detail[0].input' "$(jq -n --arg key "$key" '$key')"
}

of_key() {	# KEY: the webhooks that stand for it
	sql "SELECT count(*) FROM webhooks w JOIN idempotency i
	    ON i.webhook_id = w.id WHERE i.key = '$1'"
}

stored() { sql "SELECT count(*) FROM webhooks
    WHERE subscription_id = '$1'"; }

@test "the same key and body again: the first answer, one webhook" {
	local path id key
	path=$(own /ok)
	SOME=$(subscribe "$path")
	key=$(own_key)
	id=$(keyed "$key" '{"a":1}' -H 'X-Event-Type: t')
	outcome 10 "$id" Success
	[ "$(keyed "$key" '{"a":1}' -H 'X-Event-Type: t')" = "$id" ]
	[ "$(keyed "$key" '{"a":1}' -H 'X-Event-Type: t' \
	    -H 'X-Signature: of another moment')" = "$id" ]
	[ "$(stored "$SOME")" = 1 ]
	settled "$SOME"
	[ "$(arrivals "$path" | jq length)" = 1 ]
}

@test "the same key with another body, event type or content type is 422" {
	local id key
	key=$(own_key)
	id=$(keyed "$key" '{"a":1}' -H 'X-Event-Type: t')
	reused "$key" '{"a":2}' -H 'X-Event-Type: t'
	reused "$key" '{"a": 1}' -H 'X-Event-Type: t'
	reused "$key" '{"a":1}'
	reused "$key" '{"a":1}' -H 'X-Event-Type: u'
	reused "$key" '{"a":1}' -H 'X-Event-Type: t' \
	    -H 'Content-Type: application/cloudevents+json'
	[ "$(keyed "$key" '{"a":1}' -H 'X-Event-Type: t')" = "$id" ]
	[ "$(of_key "$key")" = 1 ]
}

@test "a key belongs to its subscription; without one nothing is compared" {
	local other first key
	key=$(own_key)
	other=$(subscribe /ok/idempotency-other)
	first=$(keyed "$key" 1)
	[ "$(ingest "$other" 2 -H "Idempotency-Key: $key")" != "$first" ]
	[ "$(ingest "$SOME" 1)" != "$(ingest "$SOME" 1)" ]
	request POST "/ingest/$NOBODY" -d 1 -H "Idempotency-Key: $key"
	assert_code 404
}

@test "what was refused leaves no trace of its key" {
	local key
	key=$(own_key)
	request POST "/ingest/$SOME" -d '{' -H "Idempotency-Key: $key"
	assert_code 400
	request POST "/ingest/$NOBODY" -d 1 -H "Idempotency-Key: $key"
	assert_code 404
	[ "$(sql "SELECT count(*) FROM idempotency WHERE key = '$key'")" = 0 ]
	keyed "$key" 1
}

@test "a key has 1 to 255 bytes of printable ASCII" {
	local key where='["header","idempotency-key"]'
	key=$(own_key)
	key=$(printf '%s%0255d' "$key" 0)
	keyed "${key:0:255}" 1
	request POST "/ingest/$SOME" -d 1 -H "Idempotency-Key: ${key:0:256}"
	assert_faults 1
	assert_fault string_too_long "$where" \
	    'String should have at most 255 bytes'
	request POST "/ingest/$SOME" -d 1 -H 'Idempotency-Key: schlüssel'
	assert_faults 1
	assert_fault string_pattern_mismatch "$where" \
	    'String should be printable ASCII'
	request POST "/ingest/$SOME" -d 1 -H 'Idempotency-Key;'
	assert_faults 1
	assert_fault string_too_short "$where" \
	    'String should have at least 1 byte'
	keyed "\"8e03978e-$(date +%s%N)\" '; DROP TABLE idempotency; --" 1
}

@test "after 24 hours a key may be used anew" {
	local first second key
	key=$(own_key)
	first=$(keyed "$key" 1)
	sql "UPDATE idempotency SET accepted_at = accepted_at -
	    interval '23 hours 59 minutes' WHERE key = '$key'"
	reused "$key" 2
	sql "UPDATE idempotency SET accepted_at = accepted_at -
	    interval '1 minute' WHERE key = '$key'"
	second=$(keyed "$key" 2)
	[ "$second" != "$first" ]
	[ "$(keyed "$key" 2)" = "$second" ]
	reused "$key" 1
}

@test "the purge forgets keys of more than 24 hours, and no younger ones" {
	local old young
	old=$(own_key)
	young=$(own_key)
	keyed "$old" 1
	keyed "$young" 1
	sql "UPDATE idempotency SET accepted_at = accepted_at -
	    interval '24 hours' WHERE key = '$old'"
	POSTRIDER_CONF=$STACK_VAR/postrider.conf \
	    stack exec "$STACK_BUILD/bin/postrider-purge"
	[ "$(sql "SELECT key FROM idempotency
	    WHERE key IN ('$old', '$young')")" = "$young" ]
}

pg_gone() { ! stack pid postgresql >/dev/null; }
redis_gone() { ! stack pid redis >/dev/null; }

@test "it holds across a crash of PostgreSQL and Redis, and a new worker" {
	local id key
	key=$(own_key)
	id=$(keyed "$key" '{"a":1}')
	stack signal postgresql QUIT
	stack signal redis KILL
	stack part-stop worker
	eventually 10 pg_gone
	eventually 10 redis_gone
	stack part-start postgresql
	stack part-start redis
	stack part-start worker
	eventually 20 ready
	[ "$(keyed "$key" '{"a":1}')" = "$id" ]
	reused "$key" '{"a":2}'
}

# sends COUNT KEY BODY…: at once, each body in turn; "CODE ID" a line.
sends() {
	python3 - "$URL/ingest/$SOME" "$@" <<-'E'
	import http.client, json, sys, threading, urllib.parse

	count, key, bodies = int(sys.argv[2]), sys.argv[3], sys.argv[4:]
	url = urllib.parse.urlsplit(sys.argv[1])
	gate = threading.Barrier(count)

	def send(body):
	    link = http.client.HTTPConnection(url.netloc, timeout=20)
	    link.connect()
	    gate.wait()
	    link.request("POST", url.path, body, {"Idempotency-Key": key})
	    answer = link.getresponse()
	    said = json.loads(answer.read())
	    print(f"{answer.status} {said.get('webhook_id', '')}\n", end="")

	threads = [threading.Thread(target=send, args=(bodies[i % len(bodies)],))
	           for i in range(count)]
	for thread in threads:
	    thread.start()
	for thread in threads:
	    thread.join()
	E
}

# Both ingest processes must have been at it, or there was no race.
@test "50 at once, all alike: one webhook, one id, 50 times 202" {
	local path lines round key
	path=$(own /ok)
	SOME=$(subscribe "$path")
	for round in 1 2 3 4 5 6; do
		key=$(own_key)
		lines=$(sends 50 "$key" '{"the":"same"}')
		[ "$(grep -c '^202 ' <<<"$lines")" = 50 ]
		[ "$(sort -u <<<"$lines" | wc -l)" = 1 ]
		[ "$(stored "$SOME")" = $round ]
	done
	eventually 10 settled "$SOME"
	[ "$(arrivals "$path" | jq length)" = 6 ]
	[ "$(super_sql "SELECT count(DISTINCT pid) FROM pg_stat_activity
	    WHERE query LIKE '%INTO idempotency%'
	      AND pid <> pg_backend_pid()")" -ge 2 ]
}

@test "50 at once with two bodies: one wins, the other's are 422" {
	local lines key before
	key=$(own_key)
	before=$(stored "$SOME")
	lines=$(sends 50 "$key" '{"a":1}' '{"a":2}')
	[ "$(grep -c '^202 ' <<<"$lines")" = 25 ]
	[ "$(grep -c '^422 ' <<<"$lines")" = 25 ]
	[ "$(grep '^202 ' <<<"$lines" | sort -u | wc -l)" = 1 ]
	[ "$(stored "$SOME")" = $((before + 1)) ]
}
