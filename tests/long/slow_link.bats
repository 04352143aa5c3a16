load ../helper
load ../slow_link

teardown() {
	sql "DELETE FROM pending WHERE subscription_id = '$held'"
	worker_near
}

@test "a keeper that reads for more than 30 s is not taken for one that hangs" {
	local keeper
	held=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$held/pause"
	stack part-stop worker
	sql "WITH new AS (
	  INSERT INTO webhooks (id, subscription_id, payload, filtered)
	  SELECT uuid_new(), '$held', '1', false FROM generate_series(1, 18000)
	  RETURNING id)
	INSERT INTO pending (webhook_id, subscription_id, due_at, lease)
	  SELECT id, '$held', now(), gen_random_uuid() FROM new"
	worker_over 12000
	keeper=$(pids keeper)
	reads_for() {	# SECONDS
		[ "$(super_sql "SELECT count(*) FROM pg_stat_activity
		    WHERE application_name = 'postrider keeper'
		    AND query LIKE '%lease FROM pending%lease IS NOT NULL'
		    AND state = 'active' AND wait_event = 'ClientWrite'
		    AND now() - query_start > interval '$1 s'")" = 1 ]
	}
	eventually 90 reads_for 40
	[ "$(pids keeper)" = "$keeper" ]
}
