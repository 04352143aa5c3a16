load helper
load slow_link

# PostgreSQL at the end of a slow link, and large payloads behind it.

teardown() {
	super_sql 'GRANT UPDATE ON pending TO postrider_delivery'
	worker_near
}

# backlog COUNT BYTES SUBSCRIPTION…: rows as an ingest makes them.
backlog() {
	local count=$1 bytes=$2 ids
	shift 2
	ids=$(printf "'%s'," "$@")
	sql "WITH new AS (
	  INSERT INTO webhooks (id, subscription_id, content_type, payload,
	      filtered)
	  SELECT uuid_new(), s.id, 'application/json', convert_to('\"' ||
	      repeat('x', $bytes - 2) || '\"', 'UTF8'), false
	    FROM generate_series(1, $count), unnest(ARRAY[${ids%,}]::uuid[])
	      AS s (id) RETURNING id, subscription_id)
	INSERT INTO pending (webhook_id, subscription_id, due_at)
	  SELECT id, subscription_id, now() FROM new"
}

@test "a backlog of large payloads over a slow link stops nobody" {
	local stalled path own large began id
	read -r _ _ stalled _ <"$STACK_VAR/receiver.more"
	path=$(own /ok)
	own=$(subscribe "$path")
	# receivers that took so many that each has a window of 256
	mapfile -t large < <(many 3 "$RECEIVER$(own /ok)")
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 900 8 "${large[@]}" \
	    >/dev/null
	for id in "${large[@]}"; do
		eventually 20 settled "$id"
		request PATCH "/subscriptions/$id" \
		    -d "{\"target_url\": \"http://127.0.0.1:$stalled/\"}"
		assert_code 200
	done
	stack part-stop worker
	backlog 256 1000000 "${large[@]}"
	worker_over 8000000
	claims() { [ "$(super_sql "SELECT count(*) FROM pg_stat_activity
	    WHERE application_name LIKE 'postrider delivery%' AND
	    wait_event = 'ClientWrite'")" != 0 ]; }
	eventually 30 claims
	began=$SECONDS
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 450 8 "$own" >/dev/null
	eventually 30 arrived "$path" 450
	echo "450 arrived in $((SECONDS - began)) s"
	eventually 30 settled "$own"
	for id in "${large[@]}"; do request DELETE "/subscriptions/$id"; done
}

@test "what moves over a slow link is no outage, although it takes its time" {
	local id large=$BATS_TEST_TMPDIR/large webhook
	id=$(subscribe "$(own /ok)")
	stack part-stop worker
	worker_over 500000
	jq -nc '"x" * 999998' >"$large"
	webhook=$(ingest "$id" "@$large")	# 2 s, where 1.5 are usual
	request GET "/ui/webhooks/$webhook"
	assert_code 200
	outcome 20 "$webhook" Success
}

metric() { request GET /metrics; sed -n "s/^postrider_$1 //p" <<<"$body"; }

@test "claims that keep failing are told of in the log, /metrics and /readyz" {
	local path id
	path=$(own /ok)
	id=$(subscribe "$path")
	[ "$(metric delivery_processes)" = 2 ]
	[ "$(metric delivery_processes_failing)" = 0 ]
	# as after a restore that forgot the grants
	super_sql 'REVOKE UPDATE ON pending FROM postrider_delivery'
	ingest "$id" '{}'
	failing() { [ "$(metric delivery_processes_failing)" -ge 1 ]; }
	eventually 10 failing
	warned() {
		request GET /readyz
		[[ $(json .delivery) == degraded && $(json .detail) == *claims* ]]
	}
	eventually 5 warned
	request GET /readyz
	assert_code 200		# what comes in is kept
	grep -qE 'error delivery .*claims keep failing.*reason="ERROR: +permission' \
	    "$STACK_VAR/log/worker.log"
	browse /ui/
	[[ $body == *'Deliveries are held up'* ]]
	super_sql 'GRANT UPDATE ON pending TO postrider_delivery'
	eventually 10 arrived "$path" 1
	working() { [ "$(metric delivery_processes_failing)" = 0 ]; }
	eventually 20 working
	quiet() { request GET /readyz; [ "$(json .status)" = ready ]; }
	eventually 5 quiet
}
