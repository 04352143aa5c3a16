load helper

post() {	# NAME BODY [CURL ARGUMENT…]
	local name=$1 payload=$2
	shift 2
	request POST "/inbox/$name" --data-binary "$payload" "$@"
}

# The page without its marks.
words() { sed 's/<[^>]*>/ /g' <<<"$body" | tr -s ' \n' ' '; }

@test "the inbox shows what arrived, newest first, with its header" {
	post first '{"number": 1, "big": 12345678901234567890123}' \
	    -H 'X-Event-Type: in.box' -H 'Cookie: sid=secret-cookie' \
	    -H 'Authorization: Bearer secret-token'
	assert_code 200
	post first 'no <b>JSON</b>' -H 'Content-Type: text/plain'
	browse /ui/inbox/first
	assert_code 200
	[[ $(words) == *'no &lt;b&gt;JSON'*'&quot;number&quot;: 1,'* ]]
	[[ $body == *12345678901234567890123* ]]
	[[ $(words) == *'x-event-type in.box'* ]]
	[[ $(words) == *'not from here'* ]]
	[[ $body != *secret-cookie* && $body != *secret-token* ]]
	request GET /inbox/first
	assert_code 303
	[[ $(header Location) == */ui/inbox/first ]]
	submit /ui/inbox/first clear=1
	assert_code 303
	browse /ui/inbox/first
	[[ $body == *'Nothing has arrived'* ]]
}

@test "a webhook is seen with its signature, and whether that fits" {
	local id webhook
	id=$(subscribe "$URL/inbox/signed" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw)
	webhook=$(ingest "$id" '{"a": 1}')
	outcome 10 "$webhook" Success
	browse /ui/inbox/signed
	[[ $body == *"/ui/webhooks/$webhook"* ]]
	[[ $body == *'signature fits'* ]]
	post signed '{"a": 1}' -H "webhook-id: $webhook" \
	    -H "webhook-timestamp: $(date +%s)" -H 'webhook-signature: v1,AAAA'
	browse /ui/inbox/signed
	[[ $body == *'signature does not fit'* ]]
	id=$(subscribe "$URL/inbox/plain")
	outcome 10 "$(ingest "$id" 1)" Success
	browse /ui/inbox/plain
	[[ $body == *'not signed'* ]]
}

@test "it answers as it was told, and Postrider obeys" {
	local id webhook
	id=$(subscribe "$URL/inbox/told")
	submit /ui/inbox/told answer=503
	assert_code 303
	browse /ui/inbox/told
	[[ $body == *'value="503" aria-pressed="true"'* ]]
	webhook=$(ingest "$id" '{}')
	outcome 10 "$webhook" 'Failed Attempt'
	assert_json .last_status_code 503
	browse /ui/inbox/told
	[[ $body == *'answered 503'* ]]
	submit /ui/inbox/told answer=404
	browse /ui/inbox/told
	[[ $body == *'value="503" aria-pressed="true"'* ]]
	submit /ui/inbox/told answer=200
	post told '{}'
	assert_code 200
	request DELETE "/subscriptions/$id"
}

@test "it is bounded: 50 letters, 16 KiB of body, 20 inboxes; pages too" {
	local name
	for number in $(seq 1 55); do
		printf 'next\nurl = %s/inbox/full\ndata = letter-%s-\n' "$URL" \
		    "$number"
	done | tail -n +2 | curl -s -m 60 -K - 3>&- 4>&- >/dev/null
	[ "$(redis LLEN postrider:inbox:full)" = 50 ]
	post full "$(head -c 100000 /dev/zero | tr '\0' '<')"
	assert_code 200
	[ "$(redis LINDEX postrider:inbox:full 0 | wc -c)" -lt 17500 ]
	[ "$(redis TTL postrider:inbox:full)" -gt 86000 ]
	browse /ui/inbox/full
	[ ${#body} -lt 50000 ]
	[[ $(words) == *'The beginning of 100,000 bytes'* ]]
	[[ $body == *letter-55-*letter-54-* ]]
	browse '/ui/inbox/full?skip=45'
	[[ $(words) == *'46 to 50 of 50'* ]]
	browse '/ui/inbox/full?skip=x'
	assert_code 422
	for name in $(seq -f 'many-%g' 1 20); do post "$name" 1; done
	[ "$(redis ZCARD postrider:inboxes)" = 20 ]
	[ "$(redis EXISTS postrider:inbox:full)" = 0 ]
}

@test "a letter that somebody spoilt is skipped" {
	post spoilt '"good"'
	for entry in x '200 1 0 1' '200 1 0 1 99
y' '200 1 7 1 0
z' "$(printf '200 1 0 5 3\nabcde%020000d' 0)"; do
		redis LPUSH postrider:inbox:spoilt "$entry"
	done
	browse /ui/inbox/spoilt
	assert_code 200
	[ "$(grep -c 'class="panel letter"' <<<"$body")" = 1 ]
	[[ $body == *'&quot;good&quot;'* ]]
	redis DEL postrider:inbox:spoilt
	redis SET postrider:inbox:spoilt 1
	browse /ui/inbox/spoilt
	assert_code 503
	redis DEL postrider:inbox:spoilt
}

@test "names and bodies that cannot be are refused" {
	for name in A a_b "$(printf 'a%.0s' {1..41})" a%2fb; do
		post "$name" 1
		assert_code 404
		browse "/ui/inbox/$name"
		assert_code 404
	done
	request PUT /inbox/first
	assert_code 405
	request POST /inbox
	assert_code 404
	head -c 1100000 /dev/zero >"$BATS_TEST_TMPDIR/large"
	post first "@$BATS_TEST_TMPDIR/large"
	assert_code 413
	# a form needs its token, and a stranger's page gets nowhere
	send /ui/inbox/first answer=500
	assert_code 403
	post first 1 -H 'Origin: http://evil.example'
	assert_code 403
	assert_json '.detail | type' '"string"'
}

@test "without Redis the webhook is refused, and the page says so" {
	browse /ui/inbox/first
	stack part-stop redis
	post first 1
	local answered=$code
	browse /ui/inbox/first
	stack part-start redis
	[ "$answered" = 503 ]
	assert_code 503
	[[ $(words) == *'kept in Redis, which does not answer'* ]]
	arrives() { post first 1; [ "$code" = 200 ]; }
	eventually 5 arrives
}

@test "with AUTH=token there is no inbox unless INBOX=1 says so" {
	auth token
	post closed 1
	local closed=$code
	echo INBOX=1 >>"$STACK_VAR/postrider.conf"
	auth token
	post closed 1
	local open=$code
	request GET /ui/inbox/closed
	sed -i '/^INBOX=/d' "$STACK_VAR/postrider.conf"
	auth open
	[ "$closed" = 404 ]
	[ "$open" = 200 ]
	# who looks at it has logged in
	assert_code 303
	[[ $(header Location) == */ui/login* ]]
}

@test "Get started asks for a URL where the inbox may not be delivered to" {
	local conf=$STACK_VAR/postrider.conf
	sed -i.kept 's/^ALLOW_TARGETS=.*/ALLOW_TARGETS=/' "$conf"
	auth open
	browse /ui/start
	local page=$body
	submit /ui/start step=1 target_url=http://10.0.0.1/
	local refused=$code said=$body
	mv "$conf.kept" "$conf"
	auth open
	[[ $page == *'name="target_url"'* ]]
	[ "$refused" = 422 ]
	[[ $said == *'value="http://10.0.0.1/"'* ]]
	[[ $said == *'no URL that webhooks may go to'* ]]
	browse /ui/start
	[[ $body != *'name="target_url"'* ]]
	submit /ui/start step=1 "subscription=$NOBODY"
	assert_code 303
}

@test "the settings page says what is in force, and where it came from" {
	local conf=$STACK_VAR/postrider.conf line
	cp -p "$conf" "$conf.kept"
	sed -i 's|^PURGE_DATABASE_URL=.*|&\&password=hidden-word|' "$conf"
	chmod 600 "$conf"
	echo 'RETRY_JITTER=7' >>"$conf"
	line=$(grep -n RETRY_JITTER "$conf" | cut -d: -f1)
	auth open
	browse /ui/settings
	mv "$conf.kept" "$conf"
	auth open
	assert_code 200
	[[ $(words) == *"RETRY_JITTER 7 % postrider.conf:$line"* ]]
	[[ $(words) == *'SECRET_OVERLAP_HOURS 24 h default'* ]]
	[[ $body != *hidden-word* ]]
	[[ $(words) == *"PostgreSQL $(sql 'SHOW server_version' |
	    cut -d' ' -f1)"* ]]
	[[ $body == *'href="/ui/tokens"'* ]]
}

@test "the first minute in a browser, without scripts and with them" {
	browser_modules
	sql "UPDATE subscriptions SET state = 'deleted'"
	run node "$BATS_TEST_DIRNAME/browser/first_minute.js" "$URL"
	assert_success
	assert_output --partial 'went round'
}
