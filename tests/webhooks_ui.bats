# The pages of webhooks, of one webhook, and of dead letters.
load helper

place() { header Location | sed "s|^$URL||"; }

# The page as a reader sees it, and the text of one element of it.
shown() {
	python3 -c 'import html, re, sys
print(html.unescape(re.sub(r"<[^>]*>", "", sys.stdin.read())))' <<<"$body"
}
element() {	# ID
	python3 -c 'import html, re, sys
found = re.search(r"id=\"%s\">(.*?)</code>" % sys.argv[1],
                  sys.stdin.read(), re.S)
sys.stdout.write(html.unescape(found.group(1)))' "$1" <<<"$body"
}

listed() {	# the ids of webhooks in the order of the page
	grep -oE 'rowheader"[^>]*><a href="/ui/webhooks/[0-9a-f-]{36}' \
	    <<<"$body" | grep -oE '[0-9a-f-]{36}$' || true
}

# doomed: a subscription whose webhooks are Failure at once, and its webhooks.
doomed() { subscribe_by_row http://169.254.1.1/; }
failed() {	# SUBSCRIPTION: the id of a webhook that is Failure
	local webhook
	webhook=$(ingest "$1" '{"failed": true}' -H 'X-Event-Type: ui.failed')
	outcome 10 "$webhook" Failure >&2
	echo "$webhook"
}
mended() {	# SUBSCRIPTION
	sql "UPDATE subscriptions SET target_url = '$RECEIVER$(own /ok)'
	    WHERE id = '$1'"
}

# dead SUBSCRIPTION REASON COUNT: so many rows as if they had failed long ago.
dead() {
	sql "WITH webhook AS (
	  INSERT INTO webhooks (id, subscription_id, content_type, payload,
	    filtered)
	  SELECT uuid_new(), '$1', 'application/json', '{}', false
	    FROM generate_series(1, $3) RETURNING id
	), log AS (
	  INSERT INTO delivery_logs (id, webhook_id, subscription_id,
	    target_url, attempt_number, outcome, final, error)
	  SELECT uuid_new(), id, '$1', 'http://x/', 1, 'Failure', true, '$2'
	    FROM webhook
	)
	INSERT INTO dead_letters (webhook_id, subscription_id, reason, failed_at)
	SELECT id, '$1', '$2', now() FROM webhook"
}

state_is() {	# WEBHOOK STATE
	request GET "/webhooks/$1"
	[ "$(json .state)" = "$2" ] || { echo "${body:0:600}"; return 1; }
}

# move WEBHOOK MOVE: presses that button of its page.
move() {
	browse "/ui/webhooks/$1"
	[[ $body == *"action=\"/ui/webhooks/$1/$2\""* ]] ||
		fail "there is no $2 on the page"
	send "/ui/webhooks/$1/$2" "csrf=$(csrf)"
}

@test "webhooks are listed, the newest first, with what became of them" {
	local ok bad held filtered webhooks
	ok=$(subscribe "$(own /fail-n/1)" '' '["ui.one"]')
	bad=$(doomed)
	held=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$held/pause"
	webhooks=$(ingest "$ok" '1' -H 'X-Event-Type: ui.one')
	outcome 10 "$webhooks" Success
	filtered=$(ingest "$ok" '2' -H 'X-Event-Type: ui.<two>')
	webhooks="$(ingest "$held" '3')
$(failed "$bad")
$filtered
$webhooks"
	request GET /ui/webhooks
	assert_code 200
	run listed
	assert_equal "$(head -4 <<<"$output" | sort)" "$(sort <<<"$webhooks")"
	assert_equal "$output" "$(sort -r <<<"$output")"
	body=$(shown)
	[[ $body == *Success*2*'HTTP 200'* ]]
	[[ $body == *'target address not allowed'* ]]
	[[ $body == *'ui.<two>'* ]]
	[[ $body == *filtered*'never sent'* ]]
	[[ $body == *pending* ]]
}

@test "each filter leaves the others out, and stays in its fields" {
	local one other first second from
	one=$(subscribe "$(own /ok)")
	other=$(doomed)
	first=$(ingest "$one" 1 -H 'X-Event-Type: ui.first "x"')
	outcome 10 "$first" Success
	from=$(date +%s)
	until [ "$(date +%s)" -gt "$from" ]; do sleep 0.05; done
	from=$(date -u +%Y-%m-%dT%H:%M:%S)
	second=$(failed "$other")
	only() {	# WEBHOOK QUERY…
		local got=$1
		shift
		request GET /ui/webhooks -G "$@"
		assert_code 200
		assert_equal "$(listed | grep -E "$first|$second")" "$got"
	}
	only "$second" -d outcome=Failure
	only "$first" -d outcome=Success
	only "$first" -d "subscription=$one"
	only "$first" --data-urlencode 'event_type=ui.first "x"'
	[[ $body == *'value="ui.first &quot;x&quot;"'* ]]
	only "$second" -d "from=$from"
	[[ $body == *"value=\"$from\""* ]]
	only "$first" -d "to=$from"
	only "$second" -d "subscription=$other" -d outcome=Failure \
	    --data-urlencode 'reason=target address not allowed'
	request GET /ui/webhooks -G -d "subscription=$other" \
	    -d outcome=Failure --data-urlencode 'reason=HTTP 500'
	[[ $body == *'No webhook of the last 72 hours fits'* ]]
}

@test "a filter that cannot be is said beside its field, and kept" {
	local query
	for query in subscription=zz 'from=%3Cb%3E' to=2026-13-01T00:00 \
	    'from=2026-02-01T00:00&to=2026-01-01T00:00' 'event_type=%ff' \
	    event_type=a%00b; do
		request GET "/ui/webhooks?$query"
		assert_code 422
		[[ $body == *aria-invalid* ]] || fail "$query"
		[[ $body != *'<b>'* ]]
	done
	for query in outcome=lost before=zz outcome=Failure\&reason=%ff; do
		request GET "/ui/webhooks?$query"
		assert_code 422
	done
	request GET '/ui/webhooks?outcome=&subscription=&event_type=&from=&to='
	assert_code 200
}

@test "pages follow each other by an id, without a gap or a repeat" {
	local id next seen=
	id=$(subscribe "$(own /ok)")
	dead "$id" 'HTTP 500' 60
	next="/ui/webhooks?subscription=$id"
	while [ -n "$next" ]; do
		request GET "$next"
		assert_code 200
		[ "$(wc -w <<<"$seen")" -lt 60 ] || fail 'there is no end'
		seen+="$(listed) "
		next=$(sed -nE 's/.*rel="next" href="([^"]*)".*/\1/p' <<<"$body" |
		    sed 's/&amp;/\&/g')
	done
	assert_equal "$(wc -w <<<"$seen")" 60
	assert_equal "$(tr -s ' \n' '\n' <<<"$seen" | sort -u | grep -c .)" 60
	request GET "/ui/webhooks?subscription=$id&before=$NOBODY"
	[[ $body == *'There is nothing older'* ]]
	[[ $body == *'>Newest<'* ]]
}

@test "an id leads to a webhook's page or a subscription's list" {
	local id webhook
	id=$(subscribe "$(own /ok)")
	webhook=$(ingest "$id" 1)
	request GET "/ui/webhooks?id=%20$webhook%20"
	assert_code 303
	[ "$(place)" = "/ui/webhooks/$webhook" ]
	request GET "/ui/webhooks?id=$id"
	assert_code 303
	[ "$(place)" = "/ui/webhooks?subscription=$id" ]
	request DELETE "/subscriptions/$id"
	request GET "/ui/webhooks?id=$id"
	[ "$(place)" = "/ui/webhooks?subscription=$id" ]
	request GET "/ui/webhooks?id=$NOBODY"
	assert_code 404
	[[ $body == *"value=\"$NOBODY\""* ]]
	request GET '/ui/webhooks?id=%22zz'
	assert_code 422
	[[ $body == *'value="&quot;zz"'* ]]
}

@test "those that are selected are sent again, and the page tells how many" {
	local bad one two held back
	bad=$(doomed)
	one=$(failed "$bad") two=$(failed "$bad")
	held=$(ingest "$(subscribe "$(own /hang)")" 1)
	mended "$bad"
	browse "/ui/webhooks?subscription=$bad"
	[[ $body == *"name=\"webhook\" value=\"$one\""* ]]
	send /ui/webhooks/resend "webhook=$one"
	assert_code 403
	browse "/ui/webhooks?subscription=$bad"
	send /ui/webhooks/resend "csrf=$(csrf)" "subscription=$bad" \
	    "webhook=$one" "webhook=$two" "webhook=$held" webhook=zz
	assert_code 303
	back=$(place)
	[ "$back" = "/ui/webhooks?subscription=$bad&resent=2&of=3" ]
	outcome 10 "$one" Success
	outcome 10 "$two" Success
	browse "$back"
	[[ $body == *'2 of 3 webhooks are sent again'* ]]
	# a stranger's address cannot be where it leads
	send /ui/webhooks/resend "csrf=$(csrf)" 'outcome=//evil.example/'
	[ "$(place)" = '/ui/webhooks?outcome=%2F%2Fevil.example%2F&resent=0&of=0' ]
	browse '/ui/webhooks?resent=0&of=0'
	[[ $body == *'Nothing was selected'* ]]
	# what is under way has no box, nor what can be sent no more
	request DELETE "/subscriptions/$bad"
	browse "/ui/webhooks?subscription=$bad"
	[[ $body == *"$one"*"$bad"*deleted* ]]
	[[ $body != *"value=\"$one\""* ]]
	browse "/ui/webhooks?outcome=pending"
	[[ $body == *"$held"* ]]
	[[ $body != *"name=\"webhook\" value=\"$held\""* ]]
}

@test "try now, cancel and resend do it, and say why when they cannot" {
	local path id webhook
	path=$(own /retry-after/60)
	id=$(subscribe "$path")
	webhook=$(ingest "$id" '{}')
	eventually 5 ended 'Failed Attempt' "$webhook"
	request GET "/ui/webhooks/$webhook"
	[[ $body == *'next attempt '* ]]
	request GET "/ui/webhooks/$webhook/retry-now"
	assert_code 405
	move "$webhook" retry-now
	assert_code 303
	[ "$(place)" = "/ui/webhooks/$webhook?done=due" ]
	outcome 10 "$webhook" Success
	browse "/ui/webhooks/$webhook"
	send "/ui/webhooks/$webhook/retry-now" "csrf=$(csrf)"
	[ "$(place)" = "/ui/webhooks/$webhook?not=ended" ]
	browse "$(place)"
	[[ $body == *'Nothing was changed: Webhook is not pending.'* ]]
	move "$webhook" resend
	[ "$(place)" = "/ui/webhooks/$webhook?done=resent" ]
	eventually 10 arrived "$path" 3
	request POST "/subscriptions/$id/pause"
	eventually 10 state_is "$webhook" Success
	move "$webhook" resend
	browse "/ui/webhooks/$webhook"
	[[ $body == *Held*'the subscription is paused'* ]]
	[[ $body != *retry-now* ]]
	send "/ui/webhooks/$webhook/retry-now" "csrf=$(csrf)"
	[ "$(place)" = "/ui/webhooks/$webhook?not=held" ]
	move "$webhook" cancel
	[ "$(place)" = "/ui/webhooks/$webhook?done=cancelled" ]
	browse "$(place)"
	[[ $body == *'is cancelled and not sent again'* ]]
	state_is "$webhook" Cancelled
	browse "/ui/webhooks/$webhook"
	[[ $body == *'>Cancelled<'* ]]
	send "/ui/webhooks/$NOBODY/cancel" "csrf=$(csrf)"
	assert_code 404
	browse "/ui/webhooks/$webhook"
	send "/ui/webhooks/zz/cancel" "csrf=$(csrf)"
	assert_code 422
	request DELETE "/subscriptions/$id"
	browse "/ui/webhooks/$webhook"
	[[ $body != *"/$webhook/resend"* ]]
}

@test "the timeline has each attempt, how long after, and where the time went" {
	local webhook first
	webhook=$(ingest "$(subscribe "$(own /fail-n/1)")" '{}')
	outcome 10 "$webhook" Success
	request GET "/ui/webhooks/$webhook"
	assert_code 200
	[[ $(shown) == *'Attempt 1'*'after acceptance'*'Failed Attempt'*'HTTP 503'*'Attempt 2'*'later'*Success*'HTTP 200'* ]]
	[[ $(shown) == *'connect '* || $(shown) == *'kept connection'* ]]
	[[ $(shown) == *'first byte '* ]]
	assert_equal "$(grep -c '<svg class="phases"' <<<"$body")" 2
	[[ $body != *'style='* ]]
	[[ $(shown) == *'Attempt 2: request and answer'* ]]
	first=$(grep -oE '\?attempt=[0-9a-f-]{36}' <<<"$body" | head -1)
	request GET "/ui/webhooks/$webhook$first"
	[[ $(shown) == *'Attempt 1: request and answer'*'HTTP/1.1 503'* ]]
}

@test "a time-out shows which phase it was in" {
	local webhook untrusted stalled
	read -r untrusted _ stalled _ <"$STACK_VAR/receiver.more"
	webhook=$(ingest "$(subscribe "http://127.0.0.1:$stalled/")" '{}')
	eventually 10 ended 'Failed Attempt' "$webhook"
	request GET "/ui/webhooks/$webhook"
	[[ $(shown) == *'connect '*'no first byte in '[12].* ]]
	[[ $(shown) == *'timed out after 2.0 s'* ]]
	webhook=$(ingest "$(subscribe "https://127.0.0.1:$untrusted/")" '{}')
	eventually 10 ended 'Failed Attempt' "$webhook"
	request GET "/ui/webhooks/$webhook"
	[[ $(shown) == *'no TLS connection in '* ]]
}

@test "the request is shown as it was sent, and the curl line repeats it" {
	local path webhook payload field sent
	path=$(own /ok)
	payload='{"it'"'"'s":"$HOME `id` \\ <b>&amp;", "n":12345678901234567890.10}
'
	webhook=$(ingest "$(subscribe "$path" 's1')" "$payload" \
	    -H "X-Event-Type: it's <ok>; \$x" -H 'X-Signature: "a" b' \
	    -H 'Content-Type: application/json; charset=utf-8')
	outcome 10 "$webhook" Success
	request GET "/ui/webhooks/$webhook"
	sent=$(arrivals "$path" | jq -r '.[0].headers | to_entries[] |
	    "\(.key): \(.value)"')
	[ "$(grep -c . <<<"$sent")" -ge 9 ]
	while IFS= read -r field; do
		grep -qixF -- "$field" <<<"$(shown)" || fail "not shown: $field"
	done <<<"$sent"
	[[ $(shown) == *"POST $path HTTP/1.1"* ]]
	[[ $(shown) == *'"n": 12345678901234567890.10'* ]]
	element curl-command >"$BATS_TEST_TMPDIR/command"
	run bash "$BATS_TEST_TMPDIR/command"
	assert_success
	arrived "$path" 2
	assert_equal "$(arrivals "$path" | jq -S '.[1] | [.headers, .body]')" \
	    "$(arrivals "$path" | jq -S '.[0] | [.headers, .body]')"
}

@test "a large payload is cut on the page, and can be had whole" {
	local path webhook whole=$BATS_TEST_TMPDIR/whole
	path=$(own /ok)
	jq -nc '[range(60000) | "\"<&>"]' >"$whole"
	webhook=$(ingest "$(subscribe "$path")" "@$whole")
	outcome 10 "$webhook" Success
	request GET "/ui/webhooks/$webhook"
	assert_code 200
	[ ${#body} -lt 51200 ] || fail "the page has ${#body} bytes"
	[[ $body == *'Download the whole payload'* ]]
	cd "$BATS_TEST_TMPDIR"
	element curl-command >command
	grep -qF -- "--data-binary @webhook-$webhook.json" command
	curl -s -D head -o "webhook-$webhook.json" \
	    "$URL/ui/webhooks/$webhook/payload" 3>&- 4>&-
	cmp "$whole" "webhook-$webhook.json"
	grep -qi '^content-type: text/plain; charset=utf-8' head
	grep -qi '^content-disposition: attachment' head
	grep -qi '^x-content-type-options: nosniff' head
	run bash ./command
	assert_success
	arrived "$path" 2
	[ "$(arrivals "$path" | jq -r '.[1].body' | base64 -d | cmp - "$whole")" \
	    = '' ]
	request GET "/ui/webhooks/$NOBODY/payload"
	assert_code 404
}

@test "dead letters are grouped by subscription and reason" {
	local id gone
	id=$(subscribe "$(own /ok)")
	gone=$(subscribe "$(own /ok)")
	dead "$id" 'HTTP 500 & <more>' 3
	dead "$id" 'timed out' 2
	dead "$gone" 'HTTP 404' 1
	request DELETE "/subscriptions/$gone"
	request GET "/ui/dead-letters?subscription=$id"
	assert_code 200
	request GET "/ui/dead-letters?subscription=$id&reason=HTTP"
	[[ $(shown) == *'HTTP 500 & <more>3'*'timed out2'* ]]
	assert_equal "$(grep -c 'Resend all' <<<"$body")" 2
	[[ $body == *"outcome=Failure&amp;subscription=$id&amp;reason=HTTP%20500%20%26%20%3Cmore%3E\""* ]]
	request GET /ui/webhooks -G -d outcome=Failure -d "subscription=$id" \
	    --data-urlencode 'reason=HTTP 500 & <more>'
	assert_equal "$(listed | wc -l)" 3
	[[ $body != *"$gone"* ]]
	request GET "/ui/dead-letters?after=$id&reason=timed%20out"
	[[ $body == *"$gone"*deleted* ]]
	[[ $body != *"resend?subscription=$gone"* ]]
	request GET '/ui/dead-letters?subscription=zz'
	assert_code 422
	request GET '/ui/dead-letters?after=zz'
	assert_code 422
	request GET "/ui/dead-letters?subscription=$id&reason=%00"
	assert_code 422
	sql 'DELETE FROM dead_letters'
	request GET /ui/dead-letters
	[[ $body == *'Nothing has failed for good'* ]]
}

@test "groups of dead letters have pages" {
	local id number
	id=$(subscribe "$(own /ok)")
	for number in $(seq 10 69); do dead "$id" "reason $number" 1; done
	dead "$(subscribe "$(own /ok)")" 'of another' 1
	next_page() {
		request GET "$(sed -nE 's/.*rel="next" href="([^"]*)".*/\1/p' \
		    <<<"$body" | sed 's/&amp;/\&/g')"
	}
	request GET "/ui/dead-letters?subscription=$id"
	[ "$(grep -c 'resend?subscription=' <<<"$body")" = 25 ]
	next_page
	[[ $body == *'reason 35'*'reason 59'* ]]
	[[ $body != *'reason 34'* ]]
	next_page
	[[ $body == *'reason 60'*'reason 69'* ]]
	[[ $body != *'of another'* ]]
	request GET "/ui/dead-letters?after=$id&reason=reason%2068"
	[[ $body == *'reason 69'*'of another'* ]]
	[[ $body != *'reason 68'* ]]
	sql 'DELETE FROM dead_letters'
}

@test "a group is sent again page by page, to its end and no further" {
	local id rest
	id=$(doomed)
	dead "$id" 'HTTP 500' 1200
	dead "$id" 'HTTP 501' 1
	sql "UPDATE subscriptions SET state = 'paused' WHERE id = '$id'"
	browse "/ui/dead-letters/resend?subscription=$id&reason=HTTP%20500"
	assert_code 200
	[[ $(shown) == *'1,200 webhooks get a new round'*'subscription is paused'* ]]
	[ "$(sql "SELECT count(*) FROM pending
	    WHERE subscription_id = '$id'")" = 0 ]
	send /ui/dead-letters/resend "subscription=$id" 'reason=HTTP 500'
	assert_code 403
	browse "/ui/dead-letters/resend?subscription=$id&reason=HTTP%20500"
	fields() { grep -oE '<input type="hidden" name="[a-z]+" value="[^"]*"' \
	    <<<"$body" | sed -E 's/.*name="([a-z]+)" value="(.*)"/\1=\2/'; }
	resend() {
		local list
		mapfile -t list < <(fields)
		send /ui/dead-letters/resend "${list[@]}"
		assert_code 303
		browse "$(place)"
		assert_code 200
	}
	resend
	[[ $(shown) == *'500 of about 1,200 are sent again'*Continue* ]]
	[[ $body == *'max="1200" value="500"'* ]]
	# these come too late for it
	dead "$id" 'HTTP 500' 3
	resend
	[[ $(shown) == *'1,000 of about 1,200'* ]]
	resend
	[[ $(shown) == *'1,200 webhooks are sent again.'* ]]
	[[ $body != *Continue* ]]
	[ "$(sql "SELECT count(*) FROM pending
	    WHERE subscription_id = '$id'")" = 1200 ]
	rest=$(sql "SELECT reason, count(*) FROM dead_letters
	    WHERE subscription_id = '$id' GROUP BY 1 ORDER BY 1")
	assert_equal "$rest" "HTTP 500|3
HTTP 501|1"
	sql "DELETE FROM pending WHERE subscription_id = '$id'
	    AND webhook_id NOT IN (SELECT webhook_id FROM pending
	      WHERE subscription_id = '$id' LIMIT 3)"
	mended "$id"
	request POST "/subscriptions/$id/resume"
	eventually 10 settled "$id"
	browse "/ui/dead-letters/resend?subscription=$id&reason=never"
	assert_code 404
	[[ $body == *'There is nothing to resend'* ]]
	request GET '/ui/dead-letters/resend?subscription=zz&reason=x'
	assert_code 422
	request GET "/ui/dead-letters/progress?subscription=$id&reason=x&of=-1"
	assert_code 422
}

@test "every button works in a browser, with scripts and without" {
	local mode bad path held waiting
	browser_modules
	sql 'DELETE FROM dead_letters' # so that one page has all groups
	for mode in scripts plain; do
		bad=$(doomed)
		failed "$bad" && failed "$bad" && failed "$bad"
		mended "$bad"
		path=$(own /retry-after/3600)
		waiting=$(ingest "$(subscribe "$path")" '{"a": [1, 2]}')
		eventually 5 ended 'Failed Attempt' "$waiting"
		held=$(subscribe "$(own /ok)")
		request POST "/subscriptions/$held/pause"
		dead "$held" 'HTTP 500' 1100
		run node "$BATS_TEST_DIRNAME/browser/webhooks.js" "$URL" \
		    "$mode" "$bad" "$waiting" "$held"
		assert_success
		assert_output 'every button works'
		request DELETE "/subscriptions/$held"
	done
}
