# What clients send as a body, and how: chunked, compressed, as a form.
load helper

setup_file() {
	SOME=$(subscribe /ok)
	export SOME
}

rows() { sql "SELECT count(*) FROM webhooks WHERE subscription_id = '$1'"; }

@test "a chunked body is taken up to the limit, however it is sent, and then 413" {
	local subscription
	subscription=$(subscribe /ok)
	run python3 "$BATS_TEST_DIRNAME/chunked.py" "$URL" "$subscription" 1048576
	assert_success
	assert_output - <<-E
		at-once 202
		in-parts 202
		byte-by-byte 202
		tiny 202
		extension 202
		trailers 202
		zeros 202
		version-1.0 202
		length-too 202
		limit 202
		limit-8K 202
		limit-at-once 202
		over 413
		over-8K 413
		over-at-once 413
		over-late 413
		over-much 413
		empty 400
		empty-late 400
		no-size 400
		no-end-of-chunk 400
		cut 400
		cut-at-once 400
		cut-in-chunk 400
		cut-in-size 400
		cut-in-end 400
		cut-after-head 400
		expecting 202
		kept 202
	E
	# 13 by themselves, and the 100 on one connection.
	[ "$(rows "$subscription")" = 113 ]
}

@test "what the chunks held arrives, and the receiver is told its length" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path")
	python3 - "$URL/ingest/$subscription" <<-'E'
	import sys, time, urllib.request
	def parts():
	    yield b'["'
	    for _ in range(30):
	        time.sleep(0.01)
	        yield b"z" * 10000
	    yield b'"]'
	urllib.request.urlopen(urllib.request.Request(
	    sys.argv[1], parts(), {"Content-Type": "application/json"}))
	E
	eventually 10 arrived "$path" 1
	[ "$(arrivals "$path" | jq -r '.[0].headers["content-length"]')" = 300004 ]
	[ "$(arrived_body "$path" 0 | tr -d z)" = '[""]' ]
}

# Node sends a stream as it comes; curl reads its own from a pipe.
@test "streams of Node and curl are taken" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path")
	node - "$URL/ingest/$subscription" <<-'E'
	const parts = ['{"a', '":', "1", "}"];
	const body = new ReadableStream({
	    async pull(controller) {
	        await new Promise((resolve) => setTimeout(resolve, 20));
	        parts.length ? controller.enqueue(Buffer.from(parts.shift()))
	                     : controller.close();
	    },
	});
	fetch(process.argv[2], { method: "POST", body, duplex: "half",
	    headers: { "Content-Type": "application/json" } })
	    .then((response) => process.exit(response.status === 202 ? 0 : 1));
	E
	(printf '{"b"'; sleep 0.1; printf ':2}') | curl -sf -m 10 -T - -X POST \
	    -H 'Content-Type: application/json' "$URL/ingest/$subscription"
	eventually 10 arrived "$path" 2
	[ "$(for n in 0 1; do arrived_body "$path" $n; done)" = '{"a":1}{"b":2}' ]
}

@test "the API's own bodies may be chunked too, up to the same limit" {
	local id
	request POST /subscriptions/ -H 'Transfer-Encoding: chunked' \
	    -d "{\"target_url\": \"$RECEIVER/ok\"}"
	assert_code 201
	id=$(json .id)
	request PATCH "/subscriptions/$id" -H 'Transfer-Encoding: chunked' \
	    -T - < <(printf '{"events":'; sleep 0.1; printf '["a"]}')
	assert_code 200
	assert_json .events '["a"]'
	head -c 1100000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/large"
	request PATCH "/subscriptions/$id" -H 'Transfer-Encoding: chunked' \
	    --data-binary "@$BATS_TEST_TMPDIR/large"
	assert_code 413
	[[ $(json .detail) == *1048576* ]]
}

# The header of the record that goes over the limit comes alone.
@test "without a length the bytes that came decide, wherever they break" {
	python3 - "$BATS_TEST_DIRNAME" "$RUN/ingest.sock" "/ingest/$SOME" <<-'P'
	import socket, struct, sys, time
	sys.path.insert(0, sys.argv[1])
	from fastcgi import STDIN, record, request, unpack
	LIMIT, SIZE = 1048576, 65528
	begun = request({"REQUEST_METHOD": "POST", "REQUEST_URI": sys.argv[3],
	                 "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1",
	                 "HTTP_TRANSFER_ENCODING": "chunked"}, b"")[:-8]
	def status(total):
	    whole = b'"' + b"x" * (total - 2) + b'"'
	    parts = [record(STDIN, whole[at:at + SIZE])
	             for at in range(0, total, SIZE)]
	    with socket.socket(socket.AF_UNIX) as connection:
	        connection.settimeout(10)
	        connection.connect(sys.argv[2])
	        connection.sendall(begun + b"".join(parts[:-1]) + parts[-1][:8])
	        time.sleep(0.3)
	        connection.sendall(parts[-1][8:] + record(STDIN))
	        data = b""
	        while unpack(data) is None:
	            data += connection.recv(65536)
	        return unpack(data)[8:11]
	for total, want in ((LIMIT - 1, b"202"), (LIMIT, b"202"),
	                    (LIMIT + 1, b"413"), (2 * LIMIT, b"413")):
	    assert status(total) == want, (total, status(total))
	P
}

@test "a form is delivered as the JSON that it was found to be, all else as it came" {
	local path subscription type want sent=0
	path=$(own /ok)
	subscription=$(subscribe "$path")
	while IFS='|' read -r type want; do
		ingest "$subscription" "$sent" -H "Content-Type:$type" >/dev/null
		eventually 10 arrived "$path" $((++sent))
		[ "$(arrivals "$path" |
		    jq -r 'last.headers["content-type"]')" = "$want" ] ||
			fail "$type: $(arrivals "$path" | jq last.headers)"
	done <<-'E'
		 application/x-www-form-urlencoded|application/json
		 Application/X-WWW-Form-Urlencoded; charset=UTF-8|application/json
		application/x-www-form-urlencoded;charset=UTF-8|application/json
		 multipart/form-data; boundary=x|application/json
		 MULTIPART/mixed|application/json
		|application/json
		 application/json; charset=utf-8|application/json; charset=utf-8
		 application/cloudevents+json|application/cloudevents+json
		 text/plain|text/plain
		 application/x-www-form-urlencoded+json|application/x-www-form-urlencoded+json
	E
	request GET "/webhooks?subscription_id=$subscription&limit=10"
	request GET "/webhooks/$(json '.webhooks[9].id')"
	assert_json .content_type '"application/json"'
}

@test "curl without a content type, and a form field, are delivered as JSON" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path")
	curl -sf -m 10 "$URL/ingest/$subscription" -d '{"a":1}'
	python3 -c 'import sys, urllib.request
urllib.request.urlopen(sys.argv[1], b"[2]")' "$URL/ingest/$subscription"
	eventually 10 arrived "$path" 2
	[ "$(arrivals "$path" | jq -c 'map(.headers["content-type"]) | unique')" = \
	    '["application/json"]' ]
}

# The same key, and for the fingerprint the same content type.
@test "an idempotent repeat may name the form type or none" {
	local id
	id=$(ingest "$SOME" 1 -H 'Idempotency-Key: forms' \
	    -H 'Content-Type: application/x-www-form-urlencoded')
	[ "$(ingest "$SOME" 1 -H 'Idempotency-Key: forms' -H 'Content-Type:')" = \
	    "$id" ]
}

@test "a compressed body is 415 that says so, and nothing is stored" {
	local before coding file=$BATS_TEST_TMPDIR/packed
	before=$(rows "$SOME")
	printf '{"a":1}' | gzip >"$file"
	for coding in gzip GZIP x-gzip deflate br zstd 'gzip, identity'; do
		request POST "/ingest/$SOME" --data-binary "@$file" \
		    -H "Content-Encoding: $coding"
		assert_code 415
		[[ $(json .detail) == *uncompressed* ]]
		[ "$(header Accept-Encoding)" = identity ]
	done
	request POST /subscriptions/ --data-binary "@$file" \
	    -H 'Content-Encoding: gzip'
	assert_code 415
	[ "$(rows "$SOME")" = "$before" ]
	ingest "$SOME" '{}' -H 'Content-Encoding: identity'
}

@test "TRACE is 405 with what the path allows, as any other wrong method" {
	local path allow type
	while read -r path type; do
		request TRACE "$path"
		assert_code 405
		allow=$(header Allow)
		[[ $(header Content-Type) == $type* ]]
		request OPTIONS "$path"
		[ "$allow" = "$(header Allow)" ] || fail "$path: $allow"
		[[ $allow == *OPTIONS* ]]
	done <<-'E'
		/subscriptions/ application/json
		/subscriptions/x application/json
		/subscriptions/x/pause application/json
		/ingest/x application/json
		/healthz application/json
		/inbox/hello application/json
		/ text/html
		/ui/ text/html
		/ui/tokens text/html
		/static/style.css application/json
		/docs application/json
		/openapi.json application/json
	E
}

# Nor does the way to our own programs count as one that is forwarded.
@test "Max-Forwards stops no request, and makes TRACE echo nothing" {
	request TRACE /subscriptions/ -H 'Max-Forwards: 0' -H 'X-Echo: me'
	assert_code 405
	assert_json . '{"detail":"Method Not Allowed"}'
	request GET /subscriptions/ -H 'Max-Forwards: 0'
	assert_code 200
	request OPTIONS /subscriptions/ -H 'Max-Forwards: 0'
	[[ $(header Allow) == *GET*POST* || $(header Allow) == *POST*GET* ]]
}

@test "static paths are read only: 405 with Allow" {
	local path method
	for path in /static/style.css /docs /docs/page.css /openapi.json \
	    /-errors/404.json; do
		for method in POST PUT PATCH DELETE; do
			request $method "$path" -d '{}'
			assert_code 405
			assert_json . '{"detail":"Method Not Allowed"}'
			[ "$(header Allow)" = 'GET, HEAD, OPTIONS' ]
		done
		request OPTIONS "$path"
		assert_code 200
		[ "$(header Allow)" = 'GET, HEAD, OPTIONS' ]
		request GET "$path"
		assert_code 200
		[ -z "$(header Allow)" ]
	done
}

@test "a connection that a client kept for 7 s still takes its request" {
	python3 - "$URL" "/ingest/$SOME" <<-'E'
	import http.client, sys, time, urllib.parse
	address = urllib.parse.urlsplit(sys.argv[1]).netloc
	connection = http.client.HTTPConnection(address, timeout=10)
	def post():
	    connection.request("POST", sys.argv[2], "{}",
	                       {"Content-Type": "application/json",
	                        "Connection": "keep-alive"})
	    response = connection.getresponse()
	    response.read()
	    assert response.status == 202, response.status
	    return response.getheader("Keep-Alive")
	assert "timeout=125" in post()
	socket = connection.sock
	time.sleep(7)
	post()
	assert connection.sock is socket
	E
}
