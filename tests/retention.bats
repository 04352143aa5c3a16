load helper

purge() { stack exec postrider-purge "$@"; }

setup_file() {
	load helper
	# An id of some time ago: version 7 and the time, the rest by chance.
	sql "CREATE OR REPLACE FUNCTION test_id(ago interval) RETURNS uuid
	    LANGUAGE sql AS \$\$ SELECT (substr(uuid_at(clock_timestamp()
	    - ago)::text, 1, 14) || '7' || substr(gen_random_uuid()::text, 16)
	    )::uuid \$\$"
	PAUSED=$(subscribe /ok/retention)
	export PAUSED
	sql "UPDATE subscriptions SET state = 'paused' WHERE id = '$PAUSED'"
}

teardown_file() {
	load helper
	sql "DROP FUNCTION test_id(interval)"
}

# old AGE COUNT: webhooks of that age with an attempt each; the last one's id.
old() {
	sql "SELECT make_partition('webhooks', clock_timestamp() - '$1'::interval);
	    SELECT make_partition('delivery_logs',
		clock_timestamp() - '$1'::interval)" >/dev/null
	sql "WITH w AS (INSERT INTO webhooks (id, subscription_id, payload,
		filtered) SELECT test_id('$1'), '$PAUSED', '{}', false
		FROM generate_series(1, $2) RETURNING id),
	    l AS (INSERT INTO delivery_logs (id, webhook_id, subscription_id,
		target_url, attempt_number, outcome, final, status_code)
		SELECT test_id('$1'), id, '$PAUSED', 'http://old/', 1,
		'Success', true, 200 FROM w)
	    SELECT id FROM w" | tail -1
}

kept() {	# ID of a webhook: how many rows of it there are
	sql "SELECT (SELECT count(*) FROM webhooks WHERE id = '$1') +
	    (SELECT count(*) FROM delivery_logs WHERE webhook_id = '$1')"
}

@test "what is older than the retention goes, what is younger stays" {
	local ancient old young
	ancient=$(old '100 hours' 20)
	old=$(old '72 hours 2 minutes' 30)
	young=$(old '71 hours 58 minutes' 10)
	run purge
	assert_success
	[ "$(kept "$ancient")" = 0 ]
	[ "$(kept "$old")" = 0 ]
	[ "$(kept "$young")" = 2 ]
	[ "$(sql "SELECT count(*) FROM delivery_logs
	    WHERE id < uuid_at(clock_timestamp() - interval '72 hours')")" = 0 ]
	assert_output --regexp '(^|[^0-9])50([^0-9]|$)'
	request GET "/status/$young"
	assert_code 200
}

@test "dead letters and sums go with what they are of" {
	local old young
	old=$(old '73 hours' 1)
	young=$(old '71 hours' 1)
	sql "INSERT INTO dead_letters SELECT id, '$PAUSED', 'HTTP 500', now()
	    FROM webhooks WHERE id IN ('$old', '$young')"
	sql "INSERT INTO stats_totals SELECT date_bin('15 minutes', now() - ago,
	    '2000-01-01Z'), 1, 0, 0, array_fill(0, ARRAY[13])
	    FROM unnest('{73 h, 71 h}'::interval[]) AS t (ago)"
	run purge
	assert_success
	[ "$(sql "SELECT webhook_id FROM dead_letters
	    WHERE webhook_id IN ('$old', '$young')")" = "$young" ]
	[ "$(sql "SELECT count(*) FROM stats_totals
	    WHERE quarter < now() - interval '70 hours'")" = 1 ]
	sql "DELETE FROM dead_letters WHERE webhook_id = '$young';
	    DELETE FROM stats_totals"
}

@test "partitions that are wholly older are dropped, not emptied" {
	local partition
	old '90 hours' 5
	partition=$(sql "SELECT 'webhooks' || to_char(clock_timestamp()
	    AT TIME ZONE 'UTC' - interval '90 hours', '_YYYYMMDDHH24')")
	[ -n "$(sql "SELECT to_regclass('$partition')")" ]
	run purge
	assert_success
	[ -z "$(sql "SELECT to_regclass('$partition')")" ]
	[ -z "$(sql "SELECT to_regclass('${partition/webhooks/delivery_logs}')")" ]
}

@test "a second purge finds nothing to do" {
	run purge
	assert_success
	run purge
	assert_success
	refute_output --regexp '[1-9][0-9]* (webhooks|attempts)'
}

@test "--dry-run says how many, and removes nothing" {
	local ancient old
	ancient=$(old '101 hours' 7)
	old=$(old '72 hours 1 minutes' 6)
	run purge --dry-run
	assert_success
	assert_output --regexp '(^|[^0-9])13([^0-9]|$)'
	[ "$(kept "$ancient")" = 2 ]
	[ "$(kept "$old")" = 2 ]
	purge
	[ "$(kept "$ancient")" = 0 ]
}

@test "two at once do no harm" {
	local ancient first second
	ancient=$(old '110 hours' 2000)
	old '111 hours' 2000
	old '72 hours 1 minutes' 2000
	purge >"$BATS_TEST_TMPDIR/1" 2>&1 3>&- 4>&- &
	first=$!
	purge >"$BATS_TEST_TMPDIR/2" 2>&1 3>&- 4>&- &
	second=$!
	wait $first
	wait $second
	[ "$(kept "$ancient")" = 0 ]
	[ "$(sql "SELECT count(*) FROM webhooks
	    WHERE id < uuid_at(clock_timestamp() - interval '72 hours')")" = 0 ]
}

@test "ingest goes on while partitions are dropped" {
	local subscription hours
	subscription=$(subscribe "$(own /ok)")
	for hours in 80 81 82 83 84 85 86; do old "$hours hours" 100; done
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 600 8 "$subscription" \
	    >"$BATS_TEST_TMPDIR/ids" 3>&- 4>&- &
	local load=$!
	purge
	wait $load
	[ "$(sort -u "$BATS_TEST_TMPDIR/ids" | wc -l)" = 600 ]
	eventually 30 settled "$subscription"
}

@test "what is still pending when its time ends is a Failure that says so" {
	local webhook
	webhook=$(old '75 hours' 1)
	sql "INSERT INTO pending (webhook_id, subscription_id, due_at)
	    VALUES ('$webhook', '$PAUSED', clock_timestamp()
	    - interval '75 hours')"
	run purge
	assert_success
	[ "$(sql "SELECT count(*) FROM pending
	    WHERE webhook_id = '$webhook'")" = 0 ]
	[ "$(sql "SELECT outcome, error, final FROM delivery_logs
	    WHERE webhook_id = '$webhook'
	    AND id > uuid_at(clock_timestamp() - interval '1 hour')")" = \
	    'Failure|expired while paused|t' ]
}

@test "what is past the retention is never shown, purged or not" {
	local webhook
	webhook=$(old '72 hours 3 minutes' 3)
	[ "$(kept "$webhook")" = 2 ]
	request GET "/status/$webhook"
	assert_code 404
	request GET "/webhooks/$webhook"
	assert_code 404
	request GET "/subscriptions/$PAUSED/attempts?limit=1000"
	[ "$(jq --arg id "$webhook" 'any(.webhook_id == $id)' \
	    <<<"$body")" = false ]
	purge
}

@test "without PostgreSQL the purge fails and says so" {
	stack part-stop postgresql
	run purge
	stack part-start postgresql
	[ "$status" -ne 0 ]
	[ -n "$output" ]
	eventually 10 ready
}

@test "an unknown option is refused" {
	run purge --purge-everything
	[ "$status" -ne 0 ]
	run purge nonsense
	[ "$status" -ne 0 ]
}

@test "partitions are there a day ahead, and none is the default" {
	[ "$(sql "SELECT to_regclass('webhooks' || to_char(clock_timestamp()
	    AT TIME ZONE 'UTC' + interval '23 hours', '_YYYYMMDDHH24'))
	    IS NOT NULL")" = t ]
	[ "$(sql "SELECT count(*) FROM pg_partitioned_table
	    WHERE partdefid <> 0")" = 0 ]
}

@test "an hour without a partition is made by the insert that needs it" {
	local subscription webhook partition=webhooks_$(date -u +%Y%m%d%H)
	subscription=$(subscribe "$(own /ok)")
	sql "BEGIN; LOCK TABLE webhooks IN ACCESS EXCLUSIVE MODE;
	    ALTER TABLE webhooks DETACH PARTITION $partition;
	    ALTER TABLE $partition RENAME TO webhooks_aside; COMMIT"
	request POST "/ingest/$subscription" -d '{}'
	local made=$code id
	id=$(json .webhook_id)
	# put back what was there before
	sql "BEGIN; LOCK TABLE webhooks IN ACCESS EXCLUSIVE MODE;
	    INSERT INTO webhooks SELECT * FROM webhooks_aside
		ON CONFLICT DO NOTHING;
	    DROP TABLE webhooks_aside; COMMIT"
	[ "$made" = 202 ]
	outcome 10 "$id" Success
}
