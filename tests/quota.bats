# How much one token, and one subscription, may ingest: 429 beyond that.
load helper

setting() {	# NAME VALUE: in the stack's file; its owner stays
	local text
	text=$(grep -v "^$1=" "$STACK_VAR/postrider.conf")
	printf '%s\n' "$text" "$1=$2" >"$STACK_VAR/postrider.conf"
}

setup_file() {
	load helper
	export KEPT=$BATS_FILE_TMPDIR/conf
	cp "$STACK_VAR/postrider.conf" "$KEPT"
	setting TOKEN_REQUESTS 5
	setting TOKEN_BYTES 300000
	setting SUBSCRIPTION_REQUESTS 0
	setting SUBSCRIPTION_PENDING_BYTES 0
	auth token
}

teardown_file() {
	load helper
	cat "$KEPT" >"$STACK_VAR/postrider.conf"
	sql 'DELETE FROM tokens'
	auth open
}

make() { stack exec postrider-admin token create --name "$1" --scope "$2" 2>/dev/null; }

# posts COUNT BODY-FILE [CURL ARGUMENT…]: eight at a time; "STATUS COUNT" lines,
# and how long they took, in ms.
posts() {
	local count=$1 file=$2 began=$(date +%s%N)
	shift 2
	curl -sZ --parallel-max 8 -o /dev/null -w '%{http_code}\n' \
	    -H 'Content-Type: application/json' --data-binary "@$file" "$@" \
	    "$URL/ingest/$ID?n=[1-$count]" 3>&- 4>&- | sort | uniq -c |
	    awk '{ print $2, $1 }' >"$BATS_TEST_TMPDIR/said"
	took=$((($(date +%s%N) - began) / 1000000))
	accepted=$(sed -n 's/^202 //p' "$BATS_TEST_TMPDIR/said")
	grep -vE '^(202|429) ' "$BATS_TEST_TMPDIR/said" | grep . && return 1
	[ "$(awk '{ n += $2 } END { print n }' "$BATS_TEST_TMPDIR/said")" = \
	    "$count" ]
}

# refused SETTING [CURL ARGUMENT…]: at once, or after the one that was next.
refused() {
	local setting=$1
	shift
	for _ in 1 2; do
		request POST "/ingest/$ID" -d 1 "$@"
		[ "$code" != 429 ] || break
	done
	assert_code 429
	[[ $(header Retry-After) =~ ^[1-5]$ ]]
	[[ $(json .detail) == *"$setting"* ]]
}

payload() {	# BYTES: a JSON string that long, in a file
	{ printf '"'; head -c $(($1 - 2)) /dev/zero | tr '\0' x; printf '"'; } \
	    >"$BATS_TEST_TMPDIR/payload"
	echo "$BATS_TEST_TMPDIR/payload"
}

@test "the requests of one token are limited, in all processes together" {
	local write one two
	write=$(make writer write) one=$(make one ingest) two=$(make two ingest)
	request POST /subscriptions/ -H "Authorization: Bearer $write" \
	    -d "{\"target_url\": \"$RECEIVER/ok\"}"
	ID=$(json .id)
	posts 300 "$(payload 2)" -H "Authorization: Bearer $one"
	# two seconds' worth at once, what time allows, a batch of each process
	[ "$accepted" -ge 10 ] && [ "$accepted" -le $((26 + took / 200)) ] ||
		fail "$accepted in $took ms"
	refused TOKEN_REQUESTS -H "Authorization: Bearer $one"
	# whoever has another token is not concerned
	request POST "/ingest/$ID" -d 1 -H "Authorization: Bearer $two"
	assert_code 202
	sleep 1.1
	posts 100 "$(payload 2)" -H "Authorization: Bearer $one"
	[ "$accepted" -ge 5 ] && [ "$accepted" -le $((24 + took / 200)) ] ||
		fail "$accepted in $took ms"
}

@test "the bytes of one token are limited, and a large one is waited for" {
	local write one
	write=$(make writer2 write) one=$(make bytes ingest)
	request POST /subscriptions/ -H "Authorization: Bearer $write" \
	    -d "{\"target_url\": \"$RECEIVER/ok\"}"
	ID=$(json .id)
	posts 30 "$(payload 100000)" -H "Authorization: Bearer $one"
	[ "$accepted" -ge 6 ] && [ "$accepted" -le $((16 + took / 300)) ] ||
		fail "$accepted in $took ms"
	one=$(make large ingest)
	for _ in 1 2; do	# the whole of it at once
		request POST "/ingest/$ID" --data-binary "@$(payload 1000000)" \
		    -H "Authorization: Bearer $one"
	done
	assert_code 429
	[[ $(header Retry-After) =~ ^[12]$ ]]
	[[ $(json .detail) == *TOKEN_BYTES* ]]
}

@test "the requests of one subscription are limited; unsigned ones do not count" {
	local other path
	setting SUBSCRIPTION_REQUESTS 5
	setting SUBSCRIPTION_PENDING_BYTES 2000000
	auth open
	path=$(own /ok)
	ID=$(subscribe "$path") other=$(subscribe "$path")
	posts 100 "$(payload 2)"
	[ "$accepted" -ge 10 ] && [ "$accepted" -le $((26 + took / 200)) ] ||
		fail "$accepted in $took ms"
	refused SUBSCRIPTION_REQUESTS
	request POST "/ingest/$other" -d 1
	assert_code 202
	request PATCH "/subscriptions/$other" -d '{"secret": "long enough to sign",
	    "verify_ingest": "hmac-sha256-hex"}'
	assert_code 200
	run curl -s -o /dev/null -w '%{http_code}\n' -d 1 \
	    "$URL/ingest/$other?n=[1-60]"
	[ "$(sort -u <<<"$output")" = 401 ]
}

pending_is() {
	[ "$(sql "SELECT pending_bytes('$1')")" = "$2" ]
}

takes() {
	request POST "/ingest/$1" -d 1
	[ "$code" = 202 ] || { echo "$code"; return 1; }
}

@test "the bytes that one subscription has pending are limited" {
	local number path file accepted=0
	setting SUBSCRIPTION_REQUESTS 0
	auth open
	path=$(own /gate)
	ID=$(subscribe "$path")
	file=$(payload 100000)
	# what is stored while PostgreSQL is asked may count twice for a second
	for number in $(seq 60); do
		request POST "/ingest/$ID" --data-binary "@$file"
		case $code in
		202) accepted=$((accepted + 1)) ;;
		429) [ "$accepted" -lt 20 ] || break; sleep 0.2 ;;
		*) fail "$code" ;;
		esac
	done
	[ "$accepted" = 20 ] || fail "$accepted"
	sleep 2
	request POST "/ingest/$ID" --data-binary "@$file"
	assert_code 429
	[ "$(header Retry-After)" = 5 ]
	[[ $(json .detail) == *SUBSCRIPTION_PENDING_BYTES* ]]
	pending_is "$ID" 2000000
	# it is still known when all processes are others
	kill -9 $(pids ingest)
	eventually 10 curl -sfo /dev/null "$URL/readyz"
	sleep 1
	request POST "/ingest/$ID" -d 1
	assert_code 429
	request POST "/ingest/$(subscribe /ok)" -d 1
	assert_code 202
	# what was delivered makes room
	gate "${path#/gate/}"
	eventually 20 pending_is "$ID" 0
	eventually 10 takes "$ID"
}

@test "of many the bytes pending are estimated, without reading them" {
	local id
	id=$(subscribe "$(own /gate)")
	request POST "/subscriptions/$id/pause"
	sql "WITH added AS (INSERT INTO webhooks (id, subscription_id, payload,
		filtered) SELECT uuid_new(), '$id', '\"1234567\"', false
		  FROM generate_series(1, 12000) RETURNING id)
	    INSERT INTO pending (webhook_id, subscription_id, due_at)
	    SELECT id, '$id', now() FROM added"
	pending_is "$id" 108000
	sql "DELETE FROM pending WHERE subscription_id = '$id'"
	pending_is "$id" 0
}
