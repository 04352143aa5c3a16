load helper

PAYLOADS=$BATS_TEST_DIRNAME/browser/payloads.json

# All payloads in every field, past whatever checks them on their way in.
hostile_rows() {
	sql "WITH corpus AS (
	  SELECT string_agg(payload, ' ' ORDER BY n) AS words,
	    array_agg(payload ORDER BY n) AS list
	    FROM jsonb_array_elements_text(\$json\$$(cat "$PAYLOADS")\$json\$)
	      WITH ORDINALITY AS t (payload, n)
	), subscription AS (
	  INSERT INTO subscriptions (id, target_url, events, state, state_reason,
	    failing_since, failing_reason)
	  SELECT uuid_new(), words, list, 'disabled', words, now(), words
	    FROM corpus
	  RETURNING id
	), webhook AS (
	  INSERT INTO webhooks (id, subscription_id, event_type, signature,
	    content_type, payload, filtered)
	  SELECT uuid_new(), s.id, words, words, words,
	    convert_to(words, 'UTF8'), false FROM corpus, subscription s
	  RETURNING id, subscription_id
	), log AS (
	  INSERT INTO delivery_logs (id, webhook_id, subscription_id, target_url,
	    attempt_number, outcome, final, error, duration_ms,
	    response_headers, response_body)
	  SELECT uuid_new(), w.id, w.subscription_id, words, 1, 'Failure', true,
	    words, 1, words, convert_to(words, 'UTF8') FROM corpus, webhook w
	), dead AS (
	  INSERT INTO dead_letters (webhook_id, subscription_id, reason,
	    failed_at)
	  SELECT w.id, w.subscription_id, words, now() FROM corpus, webhook w
	), token AS (
	  INSERT INTO tokens (id, name, hash, scopes)
	  SELECT uuid_new(), words, sha256('none'), '{read}' FROM corpus
	  RETURNING id
	)
	SELECT concat_ws(' ', w.subscription_id, w.id, t.id)
	  FROM webhook w, token t"
}

# A receiver that answers with them, and bytes that are no text at all.
hostile_answer() {
	local text header body
	text=$(jq -r '.[]' "$PAYLOADS")
	header=$(tr -d '\000-\037\177' <<<"$text" | base64 -w 0)
	body=$(printf '\0\377\376%s\n' "$text" | base64 -w 0)
	ingest "$(subscribe "$(own /say)")" \
	    "{\"header\":\"$header\",\"body\":\"$body\"}" \
	    -H "X-Event-Type: $(jq -r '.[4]' "$PAYLOADS")" \
	    -H "X-Signature: $(jq -r '.[1]' "$PAYLOADS")"
}

@test "what strangers write is text in a real browser, and no policy is broken" {
	local rows delivered
	browser_modules
	rows=$(hostile_rows)
	delivered=$(hostile_answer)
	outcome 10 "$delivered" Success
	# shellcheck disable=SC2086
	run node "$BATS_TEST_DIRNAME/browser/hostile.js" "$URL" $rows \
	    "$delivered"
	sql "UPDATE subscriptions SET state = 'deleted' WHERE id = '${rows%% *}';
	    DELETE FROM dead_letters
	    WHERE subscription_id = '${rows%% *}';
	    DELETE FROM tokens WHERE id = '${rows##* }'"
	assert_success
	assert_output --partial 'all of it is text'
}

@test "a page elsewhere drives nothing here, under whatever name" {
	local id before access=$STACK_VAR/log/access.log seen
	browser_modules
	id=$(subscribe /ok)
	seen=$(wc -l <"$access")
	before=$(sql 'SELECT count(*), max(updated_at) FROM subscriptions')
	run node "$BATS_TEST_DIRNAME/browser/elsewhere.js" "$URL" "$id"
	assert_success
	assert_output tried
	refused() {
		[ "$(tail -n +$((seen + 1)) "$access" |
		    grep -cE "\"POST $1 HTTP/1.1\" $2")" = "$3" ]
	}
	refused "/ui/subscriptions/$id/delete" 403 3
	refused /subscriptions/ 403 2
	[ "$(sql 'SELECT count(*), max(updated_at) FROM subscriptions')" = \
	    "$before" ]
}
