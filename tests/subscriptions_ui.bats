# The pages of subscriptions: the list, one of them, and what is done with it.
load helper

place() { header Location | sed "s|^$URL||"; }

# A word that no other test's URL has.
word() { printf 'w%s%s' "$BATS_TEST_NUMBER" "$(date +%s%N)"; }

# shown QUERY: the ids that the list shows, in its order.
shown() {
	request GET "/ui/subscriptions?$1"
	assert_code 200
	listed
}
listed() {
	grep -oE '<a class="url" href="/ui/subscriptions/[0-9a-f-]{36}' \
	    <<<"$body" | grep -oE '[0-9a-f-]{36}$' || true
}

# Follows "Next page" to the end: all ids, in their order.
walk() {
	local next="/ui/subscriptions?$1"
	while [ -n "$next" ]; do
		request GET "$next"
		assert_code 200 >&2 || return 1
		listed
		next=$(sed -n 's/.*href="\([^"]*\)" rel="next".*/\1/p' \
		    <<<"$body" | sed 's/&amp;/\&/g')
	done
}

# counted SUBSCRIPTION SUCCESSES FAILED_ATTEMPTS FAILURES: an hour ago.
counted() {
	sql "INSERT INTO stats (subscription_id, quarter, successes,
	    failed_attempts, failures, latency)
	  SELECT '$1', to_timestamp(floor(extract(epoch FROM now()) / 900)
	    * 900) - interval '1 hour', $2, $3, $4,
	    array_fill(0, ARRAY[5]) || ARRAY[$2 + $3 + $4] ||
	    array_fill(0, ARRAY[7])"
}

@test "the list is searched by a part of the URL or of the id" {
	local word one other
	word=$(word)
	one=$(subscribe "/ok/$word/Alpha")
	other=$(subscribe "/ok/$word/beta")
	[ "$(shown "q=$word")" = "$other"$'\n'"$one" ]
	[ "$(shown "q=+$word%2FALPHA+")" = "$one" ]
	[ "$(shown "q=${one:9}")" = "$one" ]
	[ "$(shown "q=${one^^}")" = "$one" ]
	[ "$(shown "q=%7B${one//-/}%7D")" = "$one" ]
	# a pattern's characters are characters
	[ -z "$(shown "q=$word%25")" ]
	[ -z "$(shown "q=${word}_")" ]
	request GET "/ui/subscriptions?q=%22%3E%3Cscript%3E$word"
	assert_code 200
	[[ $body == *"value=\"&quot;&gt;&lt;script&gt;$word\""* ]]
	[[ $body == *'No subscription is like that'* ]]
}

@test "the list is filtered by state, and says who fails since when and why" {
	local word active failing paused disabled
	word=$(word)
	active=$(subscribe "/ok/$word")
	failing=$(subscribe "/ok/$word")
	paused=$(subscribe "/ok/$word")
	disabled=$(subscribe "/ok/$word")
	request POST "/subscriptions/$paused/pause"
	sql "UPDATE subscriptions SET state = 'disabled'
	      WHERE id = '$disabled';
	    UPDATE subscriptions SET failures = 3, failing_reason = 'HTTP <503>',
	      failing_since = '2026-01-02 03:04:05Z' WHERE id = '$failing'"
	[ "$(shown "q=$word&state=paused")" = "$paused" ]
	[ "$(shown "q=$word&state=disabled")" = "$disabled" ]
	[ "$(shown "q=$word&state=active")" = "$failing"$'\n'"$active" ]
	[ "$(shown "q=$word&state=failing")" = "$failing" ]
	request GET "/ui/subscriptions?q=$word&state=failing"
	[[ $body == *'<span class="mark bad">failing</span>'* ]]
	[[ $body == *2026-01-02T03:04:05.000Z* ]]
	[[ $body == *'HTTP &lt;503&gt;'* ]]
	[ "$(grep -c '<option value="failing" selected>failing</option>' \
	    <<<"$body")" = 1 ]
	sql "UPDATE subscriptions SET failing_since = NULL
	    WHERE id = '$failing'"
}

@test "each order shows everyone once, page by page, whatever comes and goes" {
	local word ids order want
	word=$(word)
	# Ids tell the order; those of two processes within some ms may not
	# be the order of the answers.
	ids=$(many 60 "$RECEIVER/ok/$word/b" "$RECEIVER/ok/$word/a" \
	    "$RECEIVER/ok/$word/c" | sort)
	sql "UPDATE subscriptions SET failures = 1, failing_since = now() -
	    (ascii(right(id::text, 1)) % 4) * interval '1 hour'
	  WHERE target_url LIKE '%$word/c'"
	[ "$(walk "q=$word&sort=oldest")" = "$ids" ]
	[ "$(walk "q=$word")" = "$(tac <<<"$ids")" ]
	for order in 'target_url COLLATE "C"' failing_since; do
		want=$(sql "SELECT id FROM subscriptions
		    WHERE target_url LIKE '%$word%' ORDER BY $order, id")
		case $order in
		failing_since) order=failing ;;
		*) order=url ;;
		esac
		[ "$(walk "q=$word&sort=$order")" = "$want" ]
	done
	# the next page goes on behind the last line, whoever went before it
	request GET "/ui/subscriptions?q=$word&sort=oldest"
	[ "$(listed | wc -l)" = 25 ]
	sql "UPDATE subscriptions SET state = 'deleted'
	    WHERE id IN ('$(sed -n 3p <<<"$ids")', '$(sed -n 25p <<<"$ids")')"
	request GET "$(sed -n 's/.*href="\([^"]*\)" rel="next".*/\1/p' \
	    <<<"$body" | sed 's/&amp;/\&/g')"
	[ "$(listed | head -1)" = "$(sed -n 26p <<<"$ids")" ]
	[[ $body == *'First page</a>'* ]]
	sql "UPDATE subscriptions SET state = 'deleted'
	    WHERE target_url LIKE '%$word%'"
}

@test "the list shows the success rate of a day as a bar and a number" {
	local word id
	word=$(word)
	id=$(subscribe "/ok/$word")
	request GET "/ui/subscriptions?q=$word"
	[[ $body == *'nothing sent'* ]]
	counted "$id" 300 70 30
	request GET "/ui/subscriptions?q=$word"
	[[ $body == *'<rect class="middle" width="750" height="10"/>'* ]]
	[[ $body == *'75.0%'* ]]
	sql "UPDATE stats SET quarter = quarter - interval '24 hours'
	    WHERE subscription_id = '$id'"
	request GET "/ui/subscriptions?q=$word"
	[[ $body == *'nothing sent'* ]]
}

@test "addresses that no page of ours has are 422" {
	local query
	for query in state=odd sort=odd after=odd q=%ff q=%c3%28 \
	    "after=$NOBODY&sort=failing&since=x" \
	    "after=$NOBODY&sort=url&url=%ff" \
	    "after=$NOBODY&sort=url&url=a%00b"; do
		request GET "/ui/subscriptions?$query"
		[ "$code" = 422 ] || fail "$query: $code"
		[[ $(header Content-Type) == text/html* ]]
	done
}

@test "a secret is made when none was typed and the box is ticked" {
	local id
	browse /ui/subscriptions/new
	[[ $body == *'name="make_secret" value="1" checked'* ]]
	send /ui/subscriptions/new "csrf=$(csrf)" "target_url=$RECEIVER/ok" \
	    make_secret=1 secret= events=
	assert_code 303
	id=$(place | grep -oE '[0-9a-f-]{36}')
	request GET "/subscriptions/$id"
	[[ $(json .secret) == whsec_???????????????????????????????????????????? ]]
	assert_json .verify_ingest null
	# what was typed counts
	submit "/ui/subscriptions/$id/edit" "target_url=$RECEIVER/ok" \
	    make_secret=1 secret=typed events= verify_ingest=hmac-sha256-hex \
	    ingest_secret=typed-for-producers
	assert_code 303
	request GET "/subscriptions/$id"
	assert_json '[.secret, .verify_ingest]' '["typed","hmac-sha256-hex"]'
	submit "/ui/subscriptions/$id/edit" "target_url=$RECEIVER/ok" \
	    secret= events= verify_ingest= remove_secret=1
	assert_code 303
	request GET "/subscriptions/$id"
	assert_json '[.secret, .verify_ingest]' '[null,null]'
}

@test "what is wrong stands beside its field, and nothing typed is lost" {
	local long
	long=$(printf 'e%.0s' {1..256})
	submit /ui/subscriptions/new target_url=ftp://here/ "events=a,$long" \
	    secret=kept-as-typed verify_ingest=odd
	assert_code 422
	[[ $body == *'3 fields need another look'* ]]
	local field
	for field in target_url events verify_ingest; do
		[[ $body == *"<p class=\"error\" id=\"$field-error\">"* ]] ||
			fail "$field has no error"
		grep -qE " id=\"$field\".*aria-describedby=\"$field-error\
 $field-hint\" aria-invalid=\"true\"" <<<"$body" ||
			fail "$field is not marked"
	done
	[[ $body != *'id="secret-error"'* ]]
	[[ $body == *'value="ftp://here/"'* ]]
	[[ $body == *"a,$long</textarea>"* ]]
	[[ $body == *'value="kept-as-typed"'* ]]
	# the box stays as it was
	[[ $body != *'name="make_secret" value="1" checked'* ]]
	submit /ui/subscriptions/new "target_url=$RECEIVER/ok" secret= \
	    verify_ingest=stripe
	assert_code 422
	[[ $body == *'id="ingest_secret-error">Set ingest_secret to the secret'* ]]
	[[ $body == *'<option value="stripe" selected>'* ]]
	submit /ui/subscriptions/new "target_url=$RECEIVER/ok" \
	    secret=one-for-both-ways ingest_secret=one-for-both-ways
	assert_code 422
	[[ $body == *'Deliveries are signed with this secret'* ]]
}

@test "the page of one shows how it fared, and what is wrong now" {
	local id
	id=$(subscribe "$(own /ok)")
	request GET "/ui/subscriptions/$id"
	assert_code 200
	[[ $body == *'Nothing was sent to it yet'* ]]
	[[ $body != *'It is failing'* ]]
	counted "$id" 1985 10 5
	sql "UPDATE subscriptions SET failures = 4, failing_since = now(),
	    failing_reason = 'HTTP <503>' WHERE id = '$id'"
	request GET "/ui/subscriptions/$id"
	[[ $body == *'<dt>Success rate</dt><dd>99.2%</dd>'* ]]
	[[ $body == *'<dt>Attempts</dt><dd>2,000</dd>'* ]]
	[[ $body == *'aria-label="1,985 successes, 10 failed attempts, 5 failures'* ]]
	[[ $body == *'<strong>10</strong> failed attempts'* ]]
	[[ $body == *'It is failing'*'4 failed'*'HTTP &lt;503&gt;'* ]]
	# a figure of the table for those who do not see the chart
	[[ $body == *'data-label="Failures">5</td>'* ]]
	sql "UPDATE subscriptions SET failing_since = NULL WHERE id = '$id'"
}

@test "the page of one shows its newest webhooks and attempts" {
	local id webhook path
	path=$(own /fail-n/1)
	id=$(subscribe "$path" '' '["page.event"]')
	webhook=$(ingest "$id" '{}' -H 'X-Event-Type: page.event')
	outcome 10 "$webhook" Success
	request GET "/ui/subscriptions/$id"
	[ "$(grep -o "href=\"/ui/webhooks/$webhook\"" <<<"$body" |
	    wc -l)" = 3 ]	# one webhook, two attempts
	[[ $body == *'page.event'* ]]
	[[ $body == *'HTTP 503'* ]]
	[[ $body == *"href=\"/ui/webhooks?subscription=$id\""* ]]
	[[ $body == *"href=\"/ui/attempts?subscription=$id\""* ]]
	outcome_of() { sql "SELECT sum(successes + failed_attempts)
	    FROM stats WHERE subscription_id = '$id'"; }
	[ "$(outcome_of)" = 2 ]
	[[ $body == *'<dt>Success rate</dt><dd>50.0%</dd>'* ]]
}

@test "the secret is shown on a page of its own, and on no other" {
	local id page
	id=$(subscribe /ok 'reveal-me-"<9>')
	for page in '' /edit /rotate /test /delete; do
		request GET "/ui/subscriptions/$id$page"
		assert_code 200
		[[ $body != *reveal-me* ]]
	done
	request GET "/ui/subscriptions/$id"
	[[ $body == *"href=\"/ui/subscriptions/$id/secret\""* ]]
	request GET "/ui/subscriptions/$id/secret"
	assert_code 200
	[[ $body == *'reveal-me-&quot;&lt;9&gt;'* ]]
	[ "$(header Cache-Control)" = no-store ]
	id=$(subscribe /ok)
	request GET "/ui/subscriptions/$id/secret"
	assert_code 404
	request GET "/ui/subscriptions/$id"
	[[ $body == *'deliveries are not signed'* ]]
	[[ $body != */secret\"* ]]
}

@test "a subscription is paused and resumed; what waited is sent then" {
	local id path webhook
	path=$(own /ok)
	id=$(subscribe "$path")
	request GET "/ui/subscriptions/$id/pause"
	assert_code 405
	browse "/ui/subscriptions/$id"
	send "/ui/subscriptions/$id/pause"
	assert_code 403
	browse "/ui/subscriptions/$id"
	send "/ui/subscriptions/$id/pause" "csrf=$(csrf)"
	assert_code 303
	request GET "$(place)"
	[[ $body == *'The subscription is paused'* ]]
	[[ $body == *"action=\"/ui/subscriptions/$id/resume\""* ]]
	[[ $body != *"action=\"/ui/subscriptions/$id/pause\""* ]]
	webhook=$(ingest "$id" '{"held": true}')
	request GET "/subscriptions/$id"	# not what was cached
	assert_json .state '"paused"'
	request GET "/ui/subscriptions/$id"
	[[ $body == *'<dt>Pending now</dt><dd>1</dd>'* ]]
	browse "/ui/subscriptions/$id"
	send "/ui/subscriptions/$id/resume" "csrf=$(csrf)"
	assert_code 303
	outcome 10 "$webhook" Success
	[ "$(arrived_body "$path" 0)" = '{"held": true}' ]
	# a disabled one is resumed, and not paused
	sql "UPDATE subscriptions SET state = 'disabled' WHERE id = '$id'"
	browse "/ui/subscriptions/$id"
	send "/ui/subscriptions/$id/pause" "csrf=$(csrf)"
	assert_code 409
	browse "/ui/subscriptions/$id"
	send "/ui/subscriptions/$id/resume" "csrf=$(csrf)"
	assert_code 303
	request GET "/subscriptions/$id"
	assert_json .state '"active"'
}

@test "a test event is typed, signed and sent, and its page shows the answer" {
	local id path webhook payload
	path=$(own /ok)
	payload=$'{\r\n "n": 1.50,\r\n "n": 1e999 }'
	id=$(subscribe "$path" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw \
	    '["first.type", "second.type"]')
	sql "UPDATE subscriptions SET verify_ingest = 'standard-webhooks'
	    WHERE id = '$id'"
	request GET "/ui/subscriptions/$id/test"
	assert_code 200
	[[ $body == *'value="first.type"'* ]]
	[[ $body == *'<option value="second.type">'* ]]
	submit "/ui/subscriptions/$id/test" event_type=second.type \
	    "payload=$payload"
	assert_code 303
	[[ $(place) == /ui/webhooks/* ]]
	webhook=$(place | grep -oE '[0-9a-f-]{36}')
	outcome 10 "$webhook" Success
	request GET "$(place)"
	request GET "/ui/webhooks/$webhook"
	assert_code 200
	[[ $body == *'HTTP 200'* ]]
	[ "$(arrived_body "$path" 0)" = $'{\n "n": 1.50,\n "n": 1e999 }' ]
	arrivals "$path" | jq -e '.[0].headers |
	    with_entries(.key |= ascii_downcase) |
	    (."x-event-type" == "second.type") and
	    (."webhook-signature" | startswith("v1,"))'
	# one that it does not want is accepted, and never sent
	submit "/ui/subscriptions/$id/test" event_type=third.type payload=1
	assert_code 303
	request GET "/webhooks/$(place | grep -oE '[0-9a-f-]{36}')"
	assert_json .state '"filtered"'
}

@test "a test event that is no JSON is not sent, and stays as it was typed" {
	local id before
	id=$(subscribe "$(own /ok)")
	before="SELECT count(*) FROM webhooks WHERE subscription_id = '$id'"
	submit "/ui/subscriptions/$id/test" event_type=typed.type \
	    'payload={"a": 1,} <b>'
	assert_code 422
	[[ $body == *'id="payload-error">This is not JSON'* ]]
	[[ $body == *'{&quot;a&quot;: 1,} &lt;b&gt;</textarea>'* ]]
	[[ $body == *'value="typed.type"'* ]]
	submit "/ui/subscriptions/$id/test" event_type= payload=
	assert_code 422
	submit "/ui/subscriptions/$id/test" "event_type=$(printf 'e%.0s' \
	    {1..256})" payload=1
	assert_code 422
	submit "/ui/subscriptions/$id/test" $'event_type=a\tb' payload=1
	assert_code 422
	browse "/ui/subscriptions/$id/test"
	send "/ui/subscriptions/$id/test" payload=1
	assert_code 403
	[ "$(sql "$before")" = 0 ]
}

@test "deleting says what would be lost" {
	local id
	id=$(subscribe "$(own /ok)")
	request GET "/ui/subscriptions/$id/delete"
	[[ $body == *'No webhook waits for delivery now'* ]]
	[[ $body == *'until they are 72 hours old'* ]]
	request POST "/subscriptions/$id/pause"
	ingest "$id" 1
	ingest "$id" 2
	sql "INSERT INTO dead_letters (webhook_id, subscription_id, reason,
	    failed_at) SELECT uuid_new(), '$id', 'HTTP 500', now()"
	request GET "/ui/subscriptions/$id/delete"
	[[ $body == *'<strong>2 webhooks</strong> that still wait'* ]]
	[[ $body == *'<strong>1 dead letter</strong> can no longer'* ]]
	request GET "/ui/subscriptions/$id"
	[[ $body == *"href=\"/ui/dead-letters?subscription=$id\">1<"* ]]
	submit "/ui/subscriptions/$id/delete"
	assert_code 303
	[ "$(place)" = '/ui/subscriptions?done=deleted' ]
	request GET "$(place)"
	[[ $body == *'The subscription was deleted'* ]]
	sql "DELETE FROM dead_letters WHERE subscription_id = '$id'"
}

@test "each page of one that is not there is 404, and each bad id 422" {
	local page
	for page in '' /edit /secret /rotate /test /delete; do
		request GET "/ui/subscriptions/$NOBODY$page"
		[ "$code" = 404 ] || fail "$page: $code"
		request GET "/ui/subscriptions/nobody$page"
		[ "$code" = 422 ] || fail "$page: $code"
	done
	for page in /edit /pause /resume /rotate /test /delete; do
		browse /ui/subscriptions/new
		send "/ui/subscriptions/$NOBODY$page" "csrf=$(csrf)" payload=1 \
		    "target_url=$RECEIVER/ok"
		[ "$code" = 404 ] || fail "$page: $code"
	done
}

# The size that counts is what goes over the line.
@test "pages stay below 50 KiB, however long what they show is" {
	local word long ids page
	word=$(word)
	long=$(head -c 1900 /dev/zero | tr '\0' x)
	sql "INSERT INTO subscriptions (id, target_url, events, failing_since,
	    failing_reason)
	  SELECT uuid_new(), 'http://$word/$long', (SELECT array_agg(
	    repeat('\"', 200) || n) FROM generate_series(1, 1000) n), now(),
	    repeat('<', 200) FROM generate_series(1, 25)"
	ids=$(sql "SELECT id FROM subscriptions
	    WHERE target_url LIKE 'http://$word/%'")
	for page in "?q=$word" "/$(head -1 <<<"$ids")" \
	    "/$(head -1 <<<"$ids")/test"; do
		request GET "/ui/subscriptions$page"
		assert_code 200
		[ "$(wc -c <<<"$body")" -lt 51200 ] ||
			fail "$page has $(wc -c <<<"$body") bytes"
	done
	sql "UPDATE subscriptions SET state = 'deleted'
	    WHERE target_url LIKE 'http://$word/%'"
}

@test "the pages in a browser, with scripts and without, narrow and wide" {
	browser_modules
	mkdir -p "$STACK_VAR/screenshots"
	SCREENSHOTS=$STACK_VAR/screenshots run node \
	    "$BATS_TEST_DIRNAME/browser/subscriptions.js" "$URL" \
	    "$RECEIVER$(own /ok)"
	assert_success
	assert_output --partial 'looked at'
}
