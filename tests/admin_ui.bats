load helper

place() { header Location | sed "s|^$URL||"; }

created() {	# PATH of the receiver [FIELD…]: the new subscription's id
	local url=$RECEIVER$1
	shift
	submit /ui/subscriptions/new "target_url=$url" "$@"
	assert_code 303 >&2 || return 1
	place | grep -oE '[0-9a-f-]{36}'
}

@test "/ leads to /ui/, which lists the subscriptions" {
	request GET /
	[[ $code == 30[1237] ]]
	[ "$(place)" = /ui/ ]
	local id
	id=$(subscribe /ok/listed s '["listed.event"]')
	request GET "/ui/subscriptions"
	assert_code 200
	[[ $(header Content-Type) == 'text/html; charset=utf-8' ]]
	[[ $body == *"$id"* ]]
	[[ $body == *"$RECEIVER/ok/listed"* ]]
	[[ $body == *listed.event* ]]
}

@test "the pages carry a policy that lets no script and no stranger in" {
	local policy
	request GET /ui/
	policy=$(header Content-Security-Policy)
	[[ $policy == *"default-src 'none'"* ]]
	[[ $policy == *"frame-ancestors 'none'"* ]]
	[[ $policy != *unsafe* ]]
	[ "$(header X-Content-Type-Options)" = nosniff ]
	[ "$(grep -o '<script.*' <<<"$body")" = \
	    '<script src="/static/postrider.js" defer></script>' ]
	run grep -cE '(src|href)="(https?:)?//' <<<"$body"
	assert_output 0
}

@test "a form creates a subscription; events are separated by commas" {
	local id
	id=$(created /ok/form secret=s3 'events= a.b , c ,,')
	request GET "/subscriptions/$id"
	assert_code 200
	assert_json '[.target_url, .secret, .events]' \
	    "[\"$RECEIVER/ok/form\",\"s3\",[\"a.b\",\"c\"]]"
	id=$(created /ok/form secret= events=)
	request GET "/subscriptions/$id"
	assert_json '[.secret, .events]' '[null,null]'
}

@test "a form with a fault comes back as it was filled in, and says what" {
	submit /ui/subscriptions/new 'target_url=ftp://x/"><script>' events=e.f
	assert_code 422
	[[ $body == *'role="alert"'* ]]
	[[ $body == *'value="ftp://x/&quot;&gt;&lt;script&gt;"'* ]]
	[[ $body == *e.f* ]]
	[[ $body != *'<script>'* ]]
	submit /ui/subscriptions/new target_url= events=
	assert_code 422
	submit /ui/subscriptions/new target_url=http://169.254.169.254/ events=
	assert_code 422
	[[ $body == *'leads to a private, reserved or local address'* ]]
}

@test "a form edits a subscription; an empty secret keeps the old one" {
	local id
	id=$(subscribe /ok s '["a"]')
	request GET "/ui/subscriptions/$id/edit"
	assert_code 200
	[[ $body == *"$RECEIVER/ok"* ]]
	submit "/ui/subscriptions/$id/edit" "target_url=$RECEIVER/ok/edited" \
	    secret= 'events=b, c'
	assert_code 303
	request GET "/subscriptions/$id"
	assert_json '[.target_url, .secret, .events]' \
	    "[\"$RECEIVER/ok/edited\",\"s\",[\"b\",\"c\"]]"
	submit "/ui/subscriptions/$id/edit" "target_url=$RECEIVER/ok/edited" \
	    secret= remove_secret=1 events=
	assert_code 303
	request GET "/subscriptions/$id"
	assert_json '[.secret, .events]' '[null,null]'
}

@test "a secret is rotated after a question, and the page tells" {
	local id before
	id=$(subscribe /ok 'hidden-secret-78')
	request GET "/ui/subscriptions/$id"
	assert_code 200
	[[ $body == *"/ui/subscriptions/$id/rotate"* ]]
	[[ $body == *'need not sign'* ]]
	request GET "/ui/subscriptions/$id/rotate"
	assert_code 200
	[[ $body == *'both secrets for 24 hours'* ]]
	request GET "/subscriptions/$id"
	assert_json .secret '"hidden-secret-78"'
	submit "/ui/subscriptions/$id/rotate"
	assert_code 303
	[ "$(place)" = "/ui/subscriptions/$id?done=rotated" ]
	request GET "$(place)"
	[[ $body == *'There is a new secret'* ]]
	[[ $body == *'with the one before too until'* ]]
	[[ $body != *whsec_* ]]
	request GET "/subscriptions/$id"
	[[ $(json .secret) == whsec_* ]]
	browse /ui/subscriptions/new
	send "/ui/subscriptions/$NOBODY/rotate" "csrf=$(csrf)"
	assert_code 404
}

@test "an ingest secret is shown when it is made, and never again" {
	local id made
	id=$(subscribe /ok s)
	submit "/ui/subscriptions/$id/edit" "target_url=$RECEIVER/ok" secret= \
	    events= verify_ingest=standard-webhooks ingest_secret=
	assert_code 200
	made=$(grep -oE 'whsec_[A-Za-z0-9+/]{43}=' <<<"$body" | head -1)
	[ -n "$made" ]
	[[ $body == *'it is not shown again'* ]]
	for path in '' /edit /secret /ingest-secret/rotate; do
		request GET "/ui/subscriptions/$id$path"
		assert_code 200
		[[ $body != *"$made"* ]]
	done
	submit "/ui/subscriptions/$id/ingest-secret/rotate" ingest_secret=
	assert_code 200
	[[ $body == *whsec_* && $body != *"$made"* ]]
	submit "/ui/subscriptions/$id/ingest-secret/rotate" ingest_secret=short
	assert_code 422
	[[ $body == *'fewer than 16 bytes'* ]]
	submit "/ui/subscriptions/$id/ingest-secret/rotate" \
	    ingest_secret=given-by-the-producer
	assert_code 303
	request GET "/ui/subscriptions/$id"
	[[ $body == *'must sign: standard-webhooks'* ]]
	[[ $body == *'previous secret also valid until'* ]]
	# the secret of deliveries is another matter
	submit "/ui/subscriptions/$id/edit" "target_url=$RECEIVER/ok" secret= \
	    remove_secret=1 events= verify_ingest=standard-webhooks
	assert_code 303
	browse /ui/subscriptions/new
	send "/ui/subscriptions/$NOBODY/ingest-secret/rotate" "csrf=$(csrf)"
	assert_code 404
}

@test "a secret is never shown" {
	local id page
	id=$(subscribe /ok 'hidden-secret-77')
	for page in "/ui/subscriptions" "/ui/subscriptions/$id" \
	    "/ui/subscriptions/$id/edit"; do
		request GET "$page"
		assert_code 200
		[[ $body != *hidden-secret-77* ]]
	done
}

@test "deleting asks first, by GET nothing happens" {
	local id
	id=$(subscribe /ok)
	request GET "/ui/subscriptions/$id/delete"
	assert_code 200
	request GET "/subscriptions/$id"
	assert_code 200
	submit "/ui/subscriptions/$id/delete"
	assert_code 303
	request GET "/subscriptions/$id"
	assert_code 404
	request GET "/ui/subscriptions/$id"
	assert_code 404
	[[ $(header Content-Type) == text/html* ]]
}

@test "without a login no page elsewhere can drive these pages" {
	local id path jar=$BATS_TEST_TMPDIR/cookies sent
	id=$(subscribe /ok)
	path=/ui/subscriptions/$id/delete
	browse "$path"
	forge() { request POST "$path" -b "$jar" -d "csrf=$(csrf)" \
	    -H 'Content-Type: application/x-www-form-urlencoded' "$@"; }
	sent=$body
	for header in 'Origin: http://evil.example' 'Origin: null' \
	    'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' \
	    'Host: evil.example' 'Host: evil.example:80' \
	    'X-Forwarded-For: 127.0.0.1' 'Origin: http://localhost:5173'; do
		body=$sent
		[[ $header == Origin* ]] || set -- -H "Origin: $URL"
		forge "$@" -H "$header"
		[ "$code" = 403 ] || fail "$header: $code"
		request GET "/subscriptions/$id"
		assert_code 200
		set --
	done
	# a name that DNS was made to point here sees nothing either
	request GET "/ui/subscriptions/$id" -H 'Host: evil.example'
	assert_code 403
	[[ $body != *"$id"* ]]
	[ -z "$(header Set-Cookie)" ]
	# without the token, or with that of another cookie
	send "$path"
	assert_code 403
	request GET "$path"
	send "$path" "csrf=$(csrf)"
	assert_code 403
	request GET "/subscriptions/$id"
	assert_code 200
	body=$sent
	forge -H "Origin: $URL"
	assert_code 303
}

@test "there is nothing to log in to while this machine alone is served" {
	browse /ui/
	assert_code 200
	[[ $body != *logout* ]]
	browse /ui/login
	assert_code 303
	[ "$(place)" = /ui/ ]
}

@test "an API token is made, shown once, and revoked" {
	local token id some
	some=$(subscribe /ok)
	submit /ui/tokens/new name=shop expires=30d
	assert_code 422
	[[ $body == *'Choose one at least'* ]]
	submit /ui/tokens/new name=shop read=1 "subscription=$some" expires=
	assert_code 422
	submit /ui/tokens/new name=shop ingest=1 "subscription=$NOBODY"
	assert_code 422
	submit /ui/tokens/new 'name=<i>shop' ingest=1 expires=30d \
	    "subscription= $some "
	assert_code 200
	token=$(grep -oE 'pr_[A-Za-z0-9_-]{43}' <<<"$body")
	[ "$(sql "SELECT (name, scopes, subscription_id, extract(day FROM
	    expires_at - created_at)) FROM tokens
	    WHERE hash = sha256('$token')")" = \
	    "(<i>shop,{ingest},$some,30)" ]
	submit /ui/tokens/new 'name=<i>shop' read=1 expires=
	assert_code 422
	[[ $body == *'in force'* ]]
	browse /ui/tokens
	[[ $body == *'&lt;i&gt;shop'* ]]
	[[ $body != *"${token#pr_}"* ]]
	id=$(sql "SELECT id FROM tokens WHERE name = '<i>shop'")
	send "/ui/tokens/$id/revoke"
	assert_code 403
	submit "/ui/tokens/$id/revoke"
	assert_code 303
	[ -n "$(sql "SELECT revoked_at FROM tokens WHERE id = '$id'")" ]
	browse "$(place)"
	[[ $body == *'The token was revoked'* ]]
	sql 'DELETE FROM tokens'
}

@test "attempts of a subscription are shown to the limit" {
	local id
	id=$(subscribe "$(own /status/404)")
	ingest "$id" '{}'
	logged() {
		[ "$(sql "SELECT count(*) FROM delivery_logs
		    WHERE subscription_id = '$id'")" -ge 2 ]
	}
	eventually 10 logged
	request GET "/ui/attempts?subscription=$id&limit=20"
	assert_code 200
	[[ $body == *'Failed Attempt'* ]]
	[[ $body == *'HTTP 404'* ]]
	request GET "/ui/attempts?subscription=$id&limit=1"
	assert_code 200
	[ "$(grep -o 'Failed Attempt' <<<"$body" | wc -l)" = 1 ]
	request GET "/ui/attempts?subscription=$id&limit=abc"
	assert_code 422
	request GET '/ui/attempts?subscription=no'
	assert_code 422
	request DELETE "/subscriptions/$id"
}

@test "the status of a webhook is found by its id" {
	local webhook
	webhook=$(ingest "$(subscribe "$(own /fail-n/1)")" '{}' \
	    -H 'X-Event-Type: ui.event')
	outcome 10 "$webhook" Success
	request GET "/ui/webhooks?id=$webhook"
	[[ $code != 30* ]] || request GET "$(place)"
	assert_code 200
	[[ $body == *"$webhook"* ]]
	[[ $body == *Success* ]]
	[[ $body == *'HTTP 503'* ]]
	[[ $body == *ui.event* ]]
	request GET "/ui/webhooks/$NOBODY"
	assert_code 404
	[[ $(header Content-Type) == text/html* ]]
}

@test "what strangers wrote is shown as text" {
	local id webhook
	id=$(subscribe "$(own /hostile)" '' '["<img src=x onerror=alert(1)>"]')
	webhook=$(ingest "$id" '{}' -H 'X-Event-Type: <img src=x onerror=alert(1)>')
	outcome 10 "$webhook" Success
	local page
	for page in "/ui/subscriptions" "/ui/subscriptions/$id" \
	    "/ui/subscriptions/$id/edit" "/ui/webhooks/$webhook" \
	    "/ui/attempts?subscription=$id"; do
		request GET "$page"
		assert_code 200
		[[ $body != *'<img src=x'* ]]
		[[ $body != *'<script>'* ]]
		iconv -f UTF-8 -t UTF-8 <<<"$body" >/dev/null
	done
}

@test "unknown pages and methods are pages of their own" {
	request GET /ui/nothing
	assert_code 404
	[[ $(header Content-Type) == text/html* ]]
	request DELETE /ui/
	assert_code 405
	[[ $(header Allow) == *GET* ]]
}

@test "a walk through the pages in a browser, without JavaScript" {
	browser_modules
	run node "$BATS_TEST_DIRNAME/browser/walk.js" "$URL" \
	    "$RECEIVER$(own /fail-n/1)"
	assert_success
	assert_output --partial 'walked'
}

@test "the whole walk: sent, arrived, broken, retried, dead, sent again" {
	browser_modules
	run node "$BATS_TEST_DIRNAME/browser/whole_walk.js" "$URL"
	assert_success
	assert_output walked
}
