load helper

post() { request POST /subscriptions/ "$@"; }

setup_file() {
	load helper
	SOME=$(subscribe /ok)
	export SOME
}

@test "an id that is no UUID is 422 and says why" {
	local path
	for path in /subscriptions/no /subscriptions/no/attempts /ingest/no; do
		case $path in
		/ingest/*) request POST $path -d '{}' ;;
		*) request GET $path ;;
		esac
		assert_faults 1
		assert_json '.detail[0].type' '"uuid_parsing"'
		assert_json '.detail[0].loc' '["path","subscription_id"]'
		assert_json '.detail[0].input' '"no"'
		[[ $(json '.detail[0].msg') == \
		    'Input should be a valid UUID, '* ]]
		[ "$(json '.detail[0].msg')" = \
		    "Input should be a valid UUID, $(json '.detail[0].ctx.error')" ]
	done
	for path in /status/12345 /webhooks/12345; do
		request GET $path
		assert_faults 1
		assert_json '.detail[0].loc' '["path","webhook_id"]'
	done
	for path in ${SOME}0 ${SOME%?} ${SOME/-/_} "{$SOME" "%00$SOME" "%20"; do
		request GET "/subscriptions/$path" --globoff
		[ "$code" = 422 ] || [ "$code" = 404 ] || [ "$code" = 400 ]
		json . >/dev/null
	done
}

@test "a malformed URL is url_parsing with its reason" {
	local url reason
	while IFS='|' read -r url reason; do
		post -d "$(jq -nc --arg url "$url" '{target_url: $url}')"
		assert_faults 1
		assert_fault url_parsing '["body","target_url"]' \
		    "Input should be a valid URL, $reason"
		assert_json '.detail[0].input' "$(jq -nc --arg u "$url" '$u')"
	done <<-'E'
	not a url|relative URL without a base
	example.com/x|relative URL without a base
	/hook|relative URL without a base
	|input is empty
	http://|empty host
	http://example.com:99999/|invalid port number
	http://example.com:port/|invalid port number
	E
}

@test "a URL of another scheme is url_scheme" {
	local url
	for url in ftp://example.com/ file:///etc/passwd gopher://example.com/ \
	    ws://example.com/; do
		post -d "{\"target_url\": \"$url\"}"
		assert_faults 1
		assert_fault url_scheme '["body","target_url"]' \
		    "URL scheme should be 'http' or 'https'"
		assert_json '.detail[0].ctx.expected_schemes' "\"'http' or 'https'\""
	done
}

@test "wrong types are named, each with its place" {
	local value
	for value in null 5 true '[]' '{}'; do
		post -d "{\"target_url\": $value}"
		assert_faults 1
		assert_fault url_type '["body","target_url"]' \
		    'URL input should be a string or URL'
		assert_json '.detail[0].input' "$value"
	done
	for value in 5 true '["s"]' '{"s":1}'; do
		post -d "{\"target_url\": \"http://example.com/\",
		    \"secret\": $value}"
		assert_faults 1
		assert_fault string_type '["body","secret"]' \
		    'Input should be a valid string'
	done
	for value in 5 '"x"' '{"x":1}' false; do
		post -d "{\"target_url\": \"http://example.com/\",
		    \"events\": $value}"
		assert_faults 1
		assert_fault list_type '["body","events"]' \
		    'Input should be a valid list'
	done
	post -d '{"target_url": "http://example.com/",
	    "events": ["a", 5, "b", null]}'
	assert_faults 2
	assert_fault string_type '["body","events",1]' \
	    'Input should be a valid string'
	assert_fault string_type '["body","events",3]' \
	    'Input should be a valid string'
}

@test "a missing key is missing, with the whole body as input" {
	post -d '{"secret":"s"}'
	assert_faults 1
	assert_fault missing '["body","target_url"]' 'Field required'
	assert_json '.detail[0].input' '{"secret":"s"}'
}

@test "all faults of a request come in one answer, those of the path first" {
	post -d '{"target_url": 5, "secret": 6, "events": 7}'
	assert_faults 3
	assert_json '.detail | map(.loc[1])' '["target_url","secret","events"]'
	request PATCH /subscriptions/no -d '{"secret": 6}'
	assert_faults 2
	assert_json '.detail | map(.loc[0])' '["path","body"]'
	request GET '/subscriptions/?skip=x&limit=y'
	assert_faults 2
	assert_fault int_parsing '["query","skip"]' \
	    'Input should be a valid integer, unable to parse string as an integer'
	assert_fault int_parsing '["query","limit"]' \
	    'Input should be a valid integer, unable to parse string as an integer'
}

@test "a body that is absent, empty or null is missing" {
	request POST /subscriptions/
	assert_faults 1
	assert_fault missing '["body"]' 'Field required'
	post -d ''
	assert_fault missing '["body"]' 'Field required'
	post -d null
	assert_faults 1
	assert_fault missing '["body"]' 'Field required'
}

@test "a body that is no JSON is json_invalid with the offset" {
	local text
	for text in '{' '{"target_url": "http://example.com/",}' 'hello' \
	    '{"target_url" "x"}' '{} {}' '{"a": NaN}'; do
		post -d "$text"
		assert_faults 1
		assert_json '.detail[0].type' '"json_invalid"'
		assert_json '.detail[0].msg' '"JSON decode error"'
		assert_json '.detail[0].loc | [.[0], (.[1] | type)]' \
		    '["body","number"]'
		[ -n "$(json '.detail[0].ctx.error')" ]
	done
}

@test "a body that is JSON but no object is model_attributes_type" {
	local text
	for text in '[]' '"x"' 5 true; do
		post -d "$text"
		assert_faults 1
		assert_fault model_attributes_type '["body"]' \
		    'Input should be a valid dictionary or object to extract fields from'
	done
}

@test "what has no place in a text is 422, never 500" {
	post -d '{"target_url": "http://example.com/", "secret": "a\u0000b"}'
	assert_code 422
	post -d '{"target_url": "http://example.com/", "secret": "\ud800"}'
	assert_code 422
	post -d '{"target_url": "http://example.com/", "events": ["a\u0000b"]}'
	assert_code 422
	post -d '{"target_url": "http://exa\u0000mple.com/"}'
	assert_code 422
	printf '{"target_url": "http://example.com/", "secret": "\377"}' \
	    >"$BATS_TEST_TMPDIR/text"
	post --data-binary "@$BATS_TEST_TMPDIR/text"
	assert_code 422
	json .detail >/dev/null
}

@test "nesting of 100,000 levels is 422, and the service goes on" {
	local file=$BATS_TEST_TMPDIR/deep
	python3 -c 'print("[" * 100000 + "]" * 100000, end="")' >"$file"
	post --data-binary "@$file"
	assert_code 422
	python3 -c 'print("{\"target_url\":\"http://example.com/\",\"x\":"
	    + "[" * 100000 + "]" * 100000 + "}", end="")' >"$file"
	post --data-binary "@$file"
	[ "$code" = 422 ] || [ "$code" = 201 ]
	request GET /healthz
	assert_code 200
}

@test "limit and skip out of range or no integers are 422" {
	local value path
	for path in /subscriptions/ "/subscriptions/$SOME/attempts"; do
		for value in abc '' 1.5 0x10 '%2B-1' 1e3; do
			request GET "$path?limit=$value"
			assert_faults 1
			assert_fault int_parsing '["query","limit"]' \
			    'Input should be a valid integer, unable to parse string as an integer'
		done
		request GET "$path?limit=-1"
		assert_faults 1
		assert_fault greater_than_equal '["query","limit"]' \
		    'Input should be greater than or equal to 0'
		for value in 1001 1000000000000000000000000000000 \
		    9223372036854775808; do
			request GET "$path?limit=$value"
			assert_faults 1
			assert_fault less_than_equal '["query","limit"]' \
			    'Input should be less than or equal to 1000'
		done
	done
	request GET '/subscriptions/?skip=-1'
	assert_fault greater_than_equal '["query","skip"]' \
	    'Input should be greater than or equal to 0'
	request GET '/subscriptions/?skip=abc'
	assert_fault int_parsing '["query","skip"]' \
	    'Input should be a valid integer, unable to parse string as an integer'
	request GET '/subscriptions/?skip=1000000000000000000000000000000'
	[ "$code" = 422 ] || [ "$code" = 200 ]
	request GET '/subscriptions/?skip=0&limit=1000'
	assert_code 200
}

@test "an unknown path is 404" {
	local path
	for path in /nothing /subscriptions/a/b/c /ingest /status /webhook \
	    /subscription/ /..%2f..%2fetc/passwd /static/none.css; do
		request GET $path --path-as-is
		assert_code 404
		assert_json . '{"detail":"Not Found"}'
	done
}

@test "a wrong method is 405 with Allow" {
	local method path allow
	while read -r method path allow; do
		request "$method" "$path"
		assert_code 405
		assert_json . '{"detail":"Method Not Allowed"}'
		[[ $(header Allow) == *$allow* ]]
	done <<-E
	PUT /subscriptions/ POST
	DELETE /subscriptions/ GET
	POST /subscriptions/$SOME PATCH
	PUT /subscriptions/$SOME DELETE
	GET /ingest/$SOME POST
	DELETE /ingest/$SOME POST
	POST /status/$NOBODY GET
	DELETE /webhooks/$NOBODY GET
	POST /subscriptions/$SOME/attempts GET
	BREW /subscriptions/ GET
	E
}

@test "a subscription body over the limit is 413" {
	local file=$BATS_TEST_TMPDIR/large
	python3 -c 'print("{\"target_url\": \"http://example.com/\", \"secret\":"
	    + "\"" + "x" * 1100000 + "\"}", end="")' >"$file"
	post --data-binary "@$file"
	assert_code 413
	json .detail >/dev/null
}

# The last answer has an id to look for in the log, and nothing from there.
tells_nothing() {
	[ -n "$(header X-Request-Id)" ] || fail "no id: $head"
	if grep -nE "libpq|sqlstate|permission denied|ERROR:  |FATAL|SELECT |\
INSERT |UPDATE |\.[ch]:|postgresql:|failed:|\.sock|${STACK_VAR#/}" <<<"$body"; then
		fail 'it tells too much'
	fi
}

@test "errors carry a request id, and no inside of the house" {
	local method path data want
	while read -r method path want data; do
		request "$method" "$path" ${data:+-d "$data"}
		assert_code "$want"
		tells_nothing
	done <<-E
	GET /subscriptions/no 422
	GET /subscriptions/$NOBODY 404
	GET /status/$NOBODY 404
	GET /no/such 404
	GET /subscriptions/?limit=x 422
	PUT /subscriptions/ 405
	POST /subscriptions/ 422 {
	POST /subscriptions/ 422 {"target_url": "http://10.0.0.1/"}
	POST /ingest/$SOME 400 {
	POST /ingest/$NOBODY 404 1
	GET /ui/nothing 404
	POST /ui/subscriptions/$SOME/delete 403 x=y
	E
}

# What PostgreSQL says of a statement that it refuses is for the log.
@test "an error of ours is a 500 that says no more" {
	local path
	sql 'REVOKE SELECT ON interventions FROM postrider_api, postrider_admin'
	for path in "/webhooks/$NOBODY" "/ui/webhooks/$NOBODY"; do
		request GET "$path"
		[ "$code" = 500 ] && tells_nothing || bad=1
	done
	sql 'GRANT SELECT ON interventions TO postrider_api, postrider_admin'
	[ -z "${bad:-}" ]
	grep -aq 'permission denied for table interventions' \
	    "$STACK_VAR/log/worker.log"
}

@test "what Apache refuses by itself is JSON too" {
	local long
	long=$(printf 'x%.0s' $(seq 5000))
	request GET "/$long"
	assert_code 414
	json .detail >/dev/null
	request GET /healthz -H "X-Long: $long$long"
	[ "$code" = 400 ] || [ "$code" = 431 ]
}

@test "healthz, readyz, docs and openapi.json answer" {
	request GET /healthz
	assert_code 200
	request GET /readyz
	assert_code 200
	assert_json . '{"status":"ready","ingest":"ok","delivery":"ok","postgresql":true,"redis":true}'
	request GET /openapi.json
	assert_code 200
	json '.paths | keys[]' | grep -qx '/ingest/{subscription_id}'
	[[ $(json .openapi) == 3.* ]]
	request GET /docs
	assert_code 200
	[[ $(header Content-Type) == text/html* ]]
	refute [ "$(grep -cE '(src|href)="(https?:)?//' <<<"$body")" -gt 0 ]
}

@test "metrics are what Prometheus reads, and tell the backlog" {
	local id
	id=$(subscribe "$(own /gate/closed)")
	ingest "$id" '{}'
	request GET /metrics
	assert_code 200
	[[ $(header Content-Type) == text/plain* ]]
	grep -qx 'postrider_up{component="postgresql"} 1' <<<"$body"
	grep -qx 'postrider_up{component="redis"} 1' <<<"$body"
	grep -qE '^postrider_pending [1-9]' <<<"$body"
	run grep -vE '^(#.*|[a-z_]+(\{[^}]*\})? [0-9.]+)$' <<<"$body"
	assert_output ''
	request DELETE "/subscriptions/$id"
}

@test "PostgreSQL away: reads are 503 with Retry-After, and work again after" {
	stack part-stop postgresql
	sleep 1.1	# so long /readyz says the same
	request GET "/subscriptions/$SOME"
	local first=$code retry
	retry=$(header Retry-After)
	request GET /readyz
	local ready=$code said=$body
	request GET /healthz
	local health=$code path told=
	for path in "/status/$NOBODY" "/webhooks/$NOBODY" /ui/; do
		request GET "$path"
		[ "$code" = 503 ] && tells_nothing || told+=" $path: $code"
	done
	request POST "/ingest/$SOME" -d 1
	[ "$code" = 503 ] && tells_nothing || told+=" ingest: $code"
	stack part-start postgresql
	[ -z "$told" ] || fail "$told"
	[ "$first" = 503 ] || [ "$first" = 200 ]	# the cache may know it
	[ "$first" = 200 ] || [ -n "$retry" ]
	[ "$ready" = 503 ]
	jq -e '.status == "not ready" and .ingest == "down" and
	    .delivery == "down" and (.postgresql | not) and .redis and
	    (.detail | contains("PostgreSQL"))' <<<"$said"
	[ "$health" = 200 ]
	eventually 10 ready
	request GET /subscriptions/
	assert_code 200
}
