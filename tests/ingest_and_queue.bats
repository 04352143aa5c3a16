load helper

rows() { sql "SELECT count(*) FROM webhooks"; }

# refused BODY…: what is no JSON is 400, and nothing of it is stored.
refused() {
	local before
	before=$(rows)
	request POST "/ingest/$SOME" "$@"
	assert_code 400
	assert_json . '{"detail":"Invalid JSON body received."}'
	[ "$(rows)" = "$before" ]
}

setup_file() {
	load helper
	SOME=$(subscribe /ok/ingest)
	export SOME
}

@test "202 with the id of a committed webhook" {
	local id
	id=$(ingest "$SOME" '{"a": 1}')
	[[ $id =~ $UUID ]]
	[ "$(sql "SELECT convert_from(payload, 'UTF8') FROM webhooks
	    WHERE id = '$id'")" = '{"a": 1}' ]
	eventually 10 ended Success "$id"
}

@test "any JSON value arrives byte for byte" {
	local path subscription file=$BATS_TEST_TMPDIR/value number=0
	path=$(own /ok)
	subscription=$(subscribe "$path")
	while IFS= read -r value; do
		printf %b "$value" >"$file"
		request POST "/ingest/$subscription" --data-binary "@$file"
		assert_code 202
		number=$((number + 1))
		eventually 10 arrived "$path" $number
		arrived_body "$path" $((number - 1)) | cmp - "$file"
	done <<-'E'
	null
	0
	-1.5e-3
	1e999
	123456789012345678901234567890.123456789012345678901234567890
	"text"
	"\\u0000"
	"\\ud800 alone"
	"\\u00e9 is not written anew as é"
	true
	[]
	{}
	  {\t"spaced" :\r\n [ 1 , 2 ] }  \n
	{"a": 1, "a": 2, "a": 1}
	{"": {"": [[[[[[]]]]]]}}
	"\xf0\x9f\x8e\x89 \xd0\xbf\xd1\x80\xd0\xb8"
	E
	[ $number = 16 ]
}

@test "a payload of 1 MiB less a byte, of 1 MiB, and one byte more" {
	local path subscription file=$BATS_TEST_TMPDIR/large size
	path=$(own /ok)
	subscription=$(subscribe "$path")
	for size in 1048575 1048576; do
		python3 -c "print('\"' + 'x' * ($size - 2) + '\"', end='')" >"$file"
		request POST "/ingest/$subscription" --data-binary "@$file"
		assert_code 202
	done
	eventually 10 arrived "$path" 2
	[ "$(arrivals "$path" | jq -r '.[].headers["content-length"]' |
	    sort -n | tr '\n' ' ')" = '1048575 1048576 ' ]
	python3 -c "print('\"' + 'x' * 1048575 + '\"', end='')" >"$file"
	request POST "/ingest/$subscription" --data-binary "@$file"
	assert_code 413
	json .detail >/dev/null
	request POST "/ingest/$subscription" --data-binary "@$file" \
	    -H 'Transfer-Encoding: chunked'
	assert_code 413
	[ "$(sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id = '$subscription'")" = 2 ]
}

@test "100,000 levels of nesting are accepted and delivered" {
	local path subscription file=$BATS_TEST_TMPDIR/deep
	path=$(own /ok)
	subscription=$(subscribe "$path")
	python3 -c 'print("[" * 100000 + "]" * 100000, end="")' >"$file"
	request POST "/ingest/$subscription" --data-binary "@$file"
	if [ "$code" = 400 ]; then	# the contract allows this answer too
		assert_json .detail '"Invalid JSON body received."'
		return
	fi
	assert_code 202
	eventually 10 arrived "$path" 1
	arrived_body "$path" 0 | cmp - "$file"
}

@test "what is no JSON is 400" {
	local text
	for text in '' ' ' '{' '[1,]' '{"a":1,}' 'NaN' '[Infinity]' '1 2' \
	    '{} {}' "{'a': 1}" '{"a" 1}' 'nul' '01' '1.' '+1' '"' '"\x"' \
	    '/* no */ 1' '{a: 1}'; do
		refused --data-binary "$text"
	done
	refused
}

@test "bytes that are no UTF-8, and raw control bytes in a string, are 400" {
	local text file=$BATS_TEST_TMPDIR/bytes
	for text in '"\xff"' '"\xc0\xaf"' '"\xed\xa0\x80"' '"\xf5\x80\x80\x80"' \
	    '"\xe2\x82"' '"\x00"' '"a\tb"' '\xef\xbb\xbf{}' '{}\x00'; do
		printf "$text" >"$file"
		refused --data-binary "@$file"
	done
}

@test "an unknown subscription is 404, before the body is looked at" {
	local text
	for text in '{}' '{' ''; do
		request POST /ingest/$NOBODY --data-binary "$text"
		assert_code 404
		assert_json . '{"detail":"Subscription not found"}'
	done
}

@test "the content type is the producer's, JSON when there is none" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path")
	ingest "$subscription" 1 -H 'Content-Type: application/cloudevents+json'
	eventually 10 arrived "$path" 1
	ingest "$subscription" 2 -H 'Content-Type:'
	eventually 10 arrived "$path" 2
	[ "$(arrivals "$path" | jq -c 'map(.headers["content-type"])')" = \
	    '["application/cloudevents+json","application/json"]' ]
}

@test "the events filter: only what was subscribed to is delivered" {
	local path subscription wanted unwanted untyped
	path=$(own /ok)
	subscription=$(subscribe "$path" '' '["order.created", "ping"]')
	wanted=$(ingest "$subscription" 1 -H 'X-Event-Type: order.created')
	unwanted=$(ingest "$subscription" 2 -H 'X-Event-Type: order.deleted')
	untyped=$(ingest "$subscription" 3)
	ingest "$subscription" 4 -H 'X-Event-Type: order.created.not'
	ingest "$subscription" 5 -H 'X-Event-Type: Ping'
	eventually 10 ended Success "$wanted"
	eventually 10 ended Success "$untyped"
	eventually 5 settled "$subscription"
	[ "$(arrivals "$path" | jq -r 'map(.id) | sort | join(" ")')" = \
	    "$wanted $untyped" ]
	request GET "/webhooks/$unwanted"
	assert_code 200
	assert_json .state "\"filtered\""
	request GET "/webhooks/$wanted"
	[ "$(json .state)" != filtered ]
	request GET "/status/$unwanted"
	assert_code 404
	assert_json . '{"detail":"No delivery logs for given webhook_id"}'
}

@test "no list and an empty list of events mean every event" {
	local path events
	for events in null '[]'; do
		path=$(own /ok)
		ingest "$(subscribe "$path" '' "$events")" 1 \
		    -H 'X-Event-Type: anything'
		eventually 10 arrived "$path" 1
	done
}

@test "the filter that counts is the one of the moment of ingest" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path" '' '["a"]')
	request PATCH "/subscriptions/$subscription" -d '{"events": ["b"]}'
	ingest "$subscription" 1 -H 'X-Event-Type: a'
	ingest "$subscription" 2 -H 'X-Event-Type: b'
	eventually 10 arrived "$path" 1
	eventually 5 settled "$subscription"
	[ "$(arrivals "$path" | jq -r '.[].body' | base64 -d)" = 2 ]
}

@test "an upload cut half-way stores nothing, and holds nobody" {
	local before
	before=$(rows)
	python3 - "$URL" "$SOME" <<-'E'
	import socket, sys, urllib.parse
	host = urllib.parse.urlsplit(sys.argv[1])
	for cut in (0, 1, 7, 5000):
	    s = socket.create_connection((host.hostname, host.port))
	    s.sendall(f"POST /ingest/{sys.argv[2]} HTTP/1.1\r\nHost: localhost\r\n"
	              "Content-Type: application/json\r\n"
	              "Content-Length: 10000\r\n\r\n".encode())
	    s.sendall((b'{"a": 1}' + b" " * 10000)[:cut])
	    s.close()
	E
	ingest "$SOME" '{"after": true}'
	sleep 1	# a cut upload that were stored would be by now
	[ "$(rows)" = $((before + 1)) ]
}

@test "an upload that drips holds nobody else up" {
	python3 - "$URL" "$SOME" >"$BATS_TEST_TMPDIR/slow" <<-'E' 3>&- 4>&- &
	import socket, sys, time, urllib.parse
	host = urllib.parse.urlsplit(sys.argv[1])
	open_ = []
	for _ in range(20):
	    s = socket.create_connection((host.hostname, host.port))
	    s.sendall(f"POST /ingest/{sys.argv[2]} HTTP/1.1\r\nHost: localhost\r\n"
	              "Content-Type: application/json\r\n"
	              "Content-Length: 40000\r\n\r\n".encode() + b"[1" + b" " * 9000)
	    open_.append(s)
	time.sleep(2)
	for s in open_:
	    s.sendall(b" " * (40000 - 9003) + b"]")
	for s in open_:
	    print(s.recv(65536).decode().split("\r\n")[0])
	E
	local slow=$! begin
	sleep 0.5
	for _ in 1 2 3 4 5 6 7 8; do
		begin=$(date +%s%N)
		ingest "$SOME" '{}'
		[ $((($(date +%s%N) - begin) / 1000000)) -lt 1000 ]
	done
	wait $slow
	[ "$(grep -c ' 202 ' "$BATS_TEST_TMPDIR/slow")" = 20 ]
}

@test "a burst of 2,000 on 32 connections: each 202 is a row and arrives once" {
	local path subscription ids=$BATS_TEST_TMPDIR/ids
	path=$(own /ok)
	subscription=$(subscribe "$path")
	tests=$BATS_TEST_DIRNAME
	python3 "$tests/load.py" "$URL" 2000 32 "$subscription" | sort >"$ids"
	[ "$(sort -u "$ids" | wc -l)" = 2000 ]
	sql "SELECT id FROM webhooks WHERE subscription_id = '$subscription'
	    ORDER BY 1" | sort | cmp - "$ids"
	eventually 60 settled "$subscription"
	arrivals "$path" | jq -r '.[].id' | sort | cmp - "$ids"
}

@test "a header that cannot be kept is 422, and hurts nobody beside it" {
	local subscription ids=$BATS_TEST_TMPDIR/ids
	subscription=$(subscribe "$(own /ok)")
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 300 8 "$subscription" \
	    >"$ids" 3>&- 4>&- &
	local load=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		request POST "/ingest/$subscription" -d '{}' \
		    -H "X-Event-Type: $(printf '\xff\xfe')"
		assert_code 422
		assert_json '.detail[0].loc' '["header","x-event-type"]'
		request POST "/ingest/$subscription" -d '{}' \
		    -H "X-Event-Type: $(printf 'e%.0s' $(seq 256))"
		assert_code 422
	done
	wait $load
	[ "$(sort -u "$ids" | wc -l)" = 300 ]
	eventually 20 settled "$subscription"
}

@test "FLUSHALL with 1,000 pending: all end in Success, none arrives twice" {
	local path subscription ids=$BATS_TEST_TMPDIR/ids
	path=$(own /slow-ms/700)
	subscription=$(subscribe "$path")
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 1300 32 "$subscription" |
	    sort >"$ids"
	[ "$(sort -u "$ids" | wc -l)" = 1300 ]
	[ "$(sql "SELECT count(*) FROM pending
	    WHERE subscription_id = '$subscription'")" -ge 1000 ]
	redis FLUSHALL
	eventually 60 settled "$subscription"
	arrivals "$path" | jq -r '.[].id' | sort | cmp - "$ids"
	[ "$(sql "SELECT count(*), count(DISTINCT webhook_id), min(outcome),
	    max(outcome) FROM delivery_logs
	    WHERE subscription_id = '$subscription'")" = \
	    '1300|1300|Success|Success' ]
}

@test "FLUSHALL: what was long overdue is on its way within 5 s too" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path")
	sql "WITH w AS (INSERT INTO webhooks (id, subscription_id, payload,
		filtered) SELECT uuid_new(), '$subscription', '{}', false
		FROM generate_series(1, 200) RETURNING id)
	    INSERT INTO pending (webhook_id, subscription_id, due_at)
	    SELECT id, '$subscription', clock_timestamp() - interval '1 hour'
	    FROM w"
	redis FLUSHALL
	eventually 6 settled "$subscription"
	arrivals "$path" | jq -r '.[].id' | sort | cmp - <(sql "SELECT id
	    FROM webhooks WHERE subscription_id = '$subscription'" | sort)
}

@test "FLUSHALL while retries wait loses none of them" {
	local path subscription webhook
	path=$(own /fail-n/3)
	subscription=$(subscribe "$path")
	webhook=$(ingest "$subscription" '{}')
	eventually 5 arrived "$path" 1
	redis FLUSHALL
	outcome 25 "$webhook" Success
	assert_json .total_attempts 4
}

@test "Redis stopped: 202, delivered all the same; and on when it is back" {
	local path subscription webhook
	path=$(own /ok)
	subscription=$(subscribe "$path")
	stack part-stop redis
	webhook=$(ingest "$subscription" '{"redis": "away"}')
	eventually 20 ended Success "$webhook"
	request GET /readyz
	local ready=$code said=$body
	stack part-start redis
	[ "$ready" = 200 ]
	jq -e '.status == "degraded" and .ingest == "ok" and
	    .delivery == "degraded" and .postgresql and (.redis | not) and
	    (.detail | contains("Redis"))' <<<"$said"
	webhook=$(ingest "$subscription" '{"redis": "back"}')
	eventually 10 ended Success "$webhook"
	eventually 10 ready
	eventually 5 settled "$subscription"
	[ "$(arrivals "$path" | jq length)" = 2 ]
}

@test "PostgreSQL read-only: 503, /readyz and /metrics say so, and on when it is not" {
	local path subscription webhook
	path=$(own /ok)
	subscription=$(subscribe "$path")
	read_only() {	# on or off
		stack psql -q -U postgres \
		    -c 'SET default_transaction_read_only = off' \
		    -c "ALTER SYSTEM SET default_transaction_read_only = $1" \
		    -c 'SELECT pg_reload_conf()' >/dev/null
	}
	told() {	# each process says the same for a second
		request GET /readyz
		[ "$code" = 503 ] && jq -e '.ingest == "down" and
		    (.postgresql | not) and
		    (.detail | contains("read-only"))' <<<"$body"
	}
	read_only on
	eventually 5 told || { read_only off; false; }
	request POST "/ingest/$subscription" -d '{}'
	assert_code 503
	request GET /metrics
	[[ $body == *'postrider_up{component="postgresql"} 0'* ]]
	read_only off
	eventually 10 ready
	webhook=$(ingest "$subscription" '{}')
	eventually 10 ended Success "$webhook"
	request GET /metrics
	[[ $body == *'postrider_up{component="postgresql"} 1'* ]]
	stack psql -q -U postgres \
	    -c 'ALTER SYSTEM RESET default_transaction_read_only' \
	    -c 'SELECT pg_reload_conf()' >/dev/null
}

@test "PostgreSQL answers and stores nothing: 503, /readyz says so, and on when it does" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path")
	stores() {
		request POST "/ingest/$subscription" -d '{}'
		[ "$code" = 202 ]
	}
	standby() {	# its name: commits wait for it
		stack psql -q -U postgres -c 'SET synchronous_commit = local' \
		    -c "ALTER SYSTEM SET synchronous_standby_names = '$1'" \
		    -c 'SELECT pg_reload_conf()' >/dev/null
	}
	told() {
		request POST "/ingest/$subscription" -d '{}'
		[ "$code" = 503 ]
		request GET /readyz
		[ "$code" = 503 ] && jq -e '.ingest == "down" and
		    .postgresql and (.detail | contains("stored"))' <<<"$body"
	}
	standby nobody
	eventually 20 told || { standby ''; false; }
	standby ''
	eventually 10 stores
	eventually 10 ready
}

@test "PostgreSQL stopped: 503 with Retry-After; the first request after works" {
	local path subscription before
	path=$(own /ok)
	subscription=$(subscribe "$path")
	before=$(rows)
	stack part-stop postgresql
	request POST "/ingest/$subscription" -d '{"lost": true}'
	local first=$code retry json=$body
	retry=$(header Retry-After)
	request POST "/ingest/$subscription" -d '{"lost": true}'
	local second=$code
	stack part-start postgresql
	[ "$first $second" = '503 503' ]
	[[ $retry =~ ^[0-9]+$ ]]
	jq -e .detail <<<"$json"
	sleep "$retry"	# as a producer would
	local webhook
	webhook=$(ingest "$subscription" '{"kept": true}')
	eventually 20 ended Success "$webhook"
	[ "$(rows)" = $((before + 1)) ]
	eventually 10 ready
}

@test "PostgreSQL frozen: 503 within seconds, and all is well once it thaws" {
	local path subscription frozen waiting=()
	path=$(own /ok)
	subscription=$(subscribe "$path")
	frozen="$(stack pid postgresql) $(pgrep -P "$(stack pid postgresql)")"
	kill -STOP $frozen
	# more than there are processes: who comes while another waits in vain
	# must not wait for that one and then for himself
	for _ in 1 2 3 4 5 6 7 8; do
		curl -s -m 20 -o /dev/null -w '%{http_code} %{time_total}\n' \
		    "$URL/ingest/$subscription" -d '{}' 3>&- 4>&- \
		    >>"$BATS_TEST_TMPDIR/answers" &
		waiting+=($!)
		sleep 0.2
	done
	wait "${waiting[@]}" || true
	kill -CONT $frozen
	[ "$(awk '$1 == 503 && $2 < 3' "$BATS_TEST_TMPDIR/answers" |
	    wc -l)" = 8 ] || fail "$(cat "$BATS_TEST_TMPDIR/answers")"
	accepted() {
		request POST "/ingest/$subscription" -d '{"thawed": true}'
		[ "$code" = 202 ] || { echo "$code"; return 1; }
		json .webhook_id >"$BATS_TEST_TMPDIR/id"
	}
	eventually 10 accepted
	eventually 20 ended Success "$(cat "$BATS_TEST_TMPDIR/id")"
	eventually 20 settled "$subscription"
	eventually 10 ready
}

@test "Redis restarted with webhooks pending: all arrive, each once" {
	local path subscription ids=$BATS_TEST_TMPDIR/ids
	path=$(own /slow-ms/500)
	subscription=$(subscribe "$path")
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 200 16 "$subscription" |
	    sort >"$ids"
	kill -9 "$(stack pid redis)"
	eventually 5 arrived "$path" 20
	stack part-start redis
	eventually 30 settled "$subscription"
	arrivals "$path" | jq -r '.[].id' | sort | cmp - "$ids"
	eventually 10 ready
}

@test "the queue holds ids only, and forgets what is done" {
	local subscription
	subscription=$(subscribe "$(own /ok)")
	for _ in 1 2 3 4 5; do
		ingest "$subscription" '{"secret": "payload-in-redis"}'
	done
	eventually 10 settled "$subscription"
	forgotten() {
		local keys
		keys=$(redis --scan --pattern "postrider:queue:*$1*")
		[ -z "$keys" ] || { echo "$keys"; return 1; }
	}
	eventually 10 forgotten "$subscription"
	run grep -c payload-in-redis <(redis --scan | xargs -n1 redis-cli -s \
	    "$RUN/redis.sock" DUMP)
	assert_output 0
}
