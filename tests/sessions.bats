# What each session with PostgreSQL is set to, whatever the server's defaults.
load helper

teardown() {
	super_sql 'ALTER SYSTEM RESET ALL' || true
	super_sql 'SELECT pg_reload_conf()' || true
	for role in postrider postrider_{serve,purge,ingest,api,admin,delivery}
	do
		super_sql "ALTER ROLE $role RESET ALL" || true
	done
}

# The payload as text, and as the server writes bytes.
@test "no payload is in PostgreSQL's log, although it logs every statement" {
	local log=$STACK_VAR/log/postgresql.log lines subscription webhook
	local marker=payload-$BATS_TEST_NUMBER-$(date +%s%N)
	lines=$(wc -l <"$log")
	super_sql 'ALTER SYSTEM SET log_min_duration_statement = 0'
	super_sql "ALTER SYSTEM SET log_statement = 'all'"
	super_sql 'SELECT pg_reload_conf()'
	subscription=$(subscribe "$(own /fail-n/1)")
	webhook=$(ingest "$subscription" "{\"it\": \"$marker\"}")
	outcome 10 "$webhook" Success
	ingest "$subscription" "{\"it\": \"$marker\"}" \
	    -H 'Idempotency-Key: a' >/dev/null
	request POST "/subscriptions/$subscription/test" \
	    -d "{\"payload\": \"$marker\"}"
	assert_code 202
	eventually 10 settled "$subscription"
	sleep 0.3
	tail -n "+$((lines + 1))" "$log" >"$BATS_TEST_TMPDIR/log"
	grep -q 'execute webhook_store' "$BATS_TEST_TMPDIR/log"
	grep -q 'execute delivery_settle' "$BATS_TEST_TMPDIR/log"
	run grep -ciE "$marker|$(printf %s "$marker" | od -An -tx1 | tr -d ' \n')|parameters:.*x7b2269" \
	    "$BATS_TEST_TMPDIR/log"
	assert_output 0
}

@test "a role's default encoding does no harm" {
	local role subscription webhook
	for role in postrider_{serve,ingest,api,admin,delivery}; do
		super_sql "ALTER ROLE $role SET client_encoding = 'LATIN1'"
	done
	super_sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE usename LIKE 'postrider%'" >/dev/null
	eventually 20 ready
	subscription=$(subscribe "$(own /ok)" '' '["größe.€"]')
	webhook=$(ingest "$subscription" '{}' -H 'X-Event-Type: größe.€')
	outcome 10 "$webhook" Success
	[ "$(sql "SELECT events[1] || ' ' || length(events[1])
	    FROM subscriptions WHERE id = '$subscription'")" = 'größe.€ 7' ]
	[ "$(sql "SELECT event_type FROM webhooks
	    WHERE id = '$webhook'")" = 'größe.€' ]
	request GET "/webhooks/$webhook"
	assert_json .event_type '"größe.€"'
}
