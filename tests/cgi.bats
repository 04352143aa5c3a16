# The programs as plain CGI: no Apache, one request, from a shell.
load helper

# cgi PROGRAM METHOD URI [NAME=VALUE…]: the body comes from standard input.
cgi() {
	local program=$1 method=$2 uri=$3 file=$BATS_TEST_TMPDIR/in
	shift 3
	cat >"$file"
	stack exec env GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 \
	    REQUEST_METHOD="$method" REQUEST_URI="$uri" \
	    QUERY_STRING="$([[ $uri != *\?* ]] || echo "${uri#*\?}")" \
	    CONTENT_LENGTH="$(stat -c %s "$file")" \
	    CONTENT_TYPE=application/json SERVER_NAME=localhost \
	    SERVER_PORT=80 REMOTE_ADDR=127.0.0.1 HTTP_HOST=localhost "$@" \
	    "$ROOT/$STACK_BUILD/cgi-bin/$program" <"$file"
}

status_of() { sed -n 's/^Status: \([0-9]*\).*/\1/p' <<<"$output" | head -1; }
body_of() { tr -d '\r' <<<"$output" | sed '1,/^$/d'; }

@test "api creates and reads a subscription" {
	run --separate-stderr cgi api POST /subscriptions/ \
	    <<<'{"target_url": "http://example.com/cgi"}'
	assert_success
	[ "$(status_of)" = 201 ]
	local id
	id=$(body_of | jq -r .id)
	[[ $id =~ $UUID ]]
	run --separate-stderr cgi api GET "/subscriptions/$id" </dev/null
	[ "$(status_of)" = 200 ]
	[ "$(body_of | jq -r .target_url)" = http://example.com/cgi ]
	request GET "/subscriptions/$id"
	assert_code 200
}

@test "api answers errors as it does behind Apache" {
	run --separate-stderr cgi api GET /nothing </dev/null
	[ "$(status_of)" = 404 ]
	[ "$(body_of)" = '{"detail":"Not Found"}' ] ||
	    [ "$(body_of | jq -c .)" = '{"detail":"Not Found"}' ]
	run --separate-stderr cgi api GET '/subscriptions/?limit=-1' </dev/null
	[ "$(status_of)" = 422 ]
	run --separate-stderr cgi api PUT /subscriptions/ </dev/null
	[ "$(status_of)" = 405 ]
	assert_output --regexp 'Allow: .*POST'
}

@test "ingest accepts a webhook, and the worker delivers it" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path")
	run --separate-stderr cgi ingest POST "/ingest/$subscription" \
	    HTTP_X_EVENT_TYPE=a.b <<<'{"by": "CGI"}'
	assert_success
	[ "$(status_of)" = 202 ]
	outcome 15 "$(body_of | jq -r .webhook_id)" Success
	[ "$(arrived_body "$path" 0)" = '{"by": "CGI"}' ]
	[ "$(arrivals "$path" | jq -r '.[0].headers["x-event-type"]')" = a.b ]
}

@test "ingest refuses what is no JSON, and a body cut short" {
	local subscription
	subscription=$(subscribe /ok)
	run --separate-stderr cgi ingest POST "/ingest/$subscription" <<<'{'
	[ "$(status_of)" = 400 ]
	run --separate-stderr cgi ingest POST "/ingest/$subscription" \
	    CONTENT_LENGTH=100 <<<'{"cut": "short"}'
	[ "$(status_of)" = 400 ]
	[ "$(sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id = '$subscription'")" = 0 ]
}

@test "admin shows its pages" {
	run --separate-stderr cgi admin GET /ui/ </dev/null
	assert_success
	[ "$(status_of)" = 200 ]
	assert_output --partial '<html'
}

@test "a setting that does not fit stops the start with its name" {
	run stack exec env HTTP_TIMEOUT=soon "$ROOT/$STACK_BUILD/cgi-bin/api"
	[ "$status" = 100 ]
	assert_output --partial HTTP_TIMEOUT
	printf 'LOG_LEVEL=info\nNO_SUCH=1\n' >"$BATS_TEST_TMPDIR/conf"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR/.." 2>/dev/null || true
	cp "$BATS_TEST_TMPDIR/conf" "$STACK_VAR/wrong.conf"
	run stack exec env POSTRIDER_CONF="$STACK_VAR/wrong.conf" \
	    "$ROOT/$STACK_BUILD/cgi-bin/api"
	rm -f "$STACK_VAR/wrong.conf"
	[ "$status" = 100 ]
	assert_output --partial 'wrong.conf:2: unknown setting NO_SUCH'
}
