# Redis answers and does not do its work: each state that makes it refuse
# switches delivery to PostgreSQL within 5 s, is shown, and ends by itself.
load helper

teardown() {
	[ -z "${busy:-}" ] || { redis SCRIPT KILL || true; wait "$busy" || true; }
	rmdir "$STACK_VAR/redis/dump.rdb" 2>/dev/null || true
	stack part-stop redis
	stack part-start redis
	eventually 10 redis_is 1
}

redis_is() {	# 0 or 1, as the metric says
	request GET /metrics
	[[ $body == *"postrider_up{component=\"redis\"} $1"* ]] ||
		{ grep postrider_up <<<"$body"; return 1; }
}

log_lines() { cat "$STACK_VAR"/log/worker.log | wc -l; }
logged() {	# WORDS: since $lines
	tail -n "+$lines" "$STACK_VAR/log/worker.log" | grep -q -- "$1"
}

# delivered MILLISECONDS: an event of now, and its first attempt within that.
delivered() {
	local path webhook took
	path=$(own /ok)
	webhook=$(ingest "$(subscribe "$path")" '{}')
	outcome 12 "$webhook" Success
	assert_json .total_attempts 1
	took=$(sql "SELECT (1000 * extract(epoch FROM uuid_time(id) -
	    uuid_time(webhook_id)))::int FROM delivery_logs
	    WHERE webhook_id = '$webhook'")
	echo "# first attempt after $took ms" >&3 || true
	[ "$took" -lt "$1" ] || { echo "after $took ms"; return 1; }
}

readyz_says() {	# each process says the same for a second
	request GET /readyz
	[[ $body == *'"redis": false'*"$1"* || $body == *'"redis":false'*"$1"* ]] ||
		{ echo "$body"; return 1; }
}

# refusing WORD: Redis refuses from now on, and says so by this word.
refusing() {
	delivered 5000
	redis_is 0
	eventually 4 readyz_says "$1"
	eventually 5 logged "$1"
	delivered 2000
}

works_again() {
	eventually 6 redis_is 1
	eventually 6 delivered 250	# by the queue, no sweep
}

setup() {
	eventually 10 redis_is 1
	delivered 5000	# its functions are loaded
	lines=$(log_lines)
}

@test "full, with noeviction" {
	redis CONFIG SET maxmemory 1
	refusing OOM
	redis CONFIG SET maxmemory 256mb
	works_again
}

# What it holds goes, although the retries of that get no place any more.
@test "full of our own webhooks: it is emptied, and has room again" {
	local subscription left
	subscription=$(subscribe "$(own /ok)")
	request POST "/subscriptions/$subscription/pause"
	sql "WITH w AS (INSERT INTO webhooks (id, subscription_id, payload,
		filtered) SELECT uuid_new(), '$subscription', '{}', false
		FROM generate_series(1, 3000) RETURNING id)
	    INSERT INTO pending (webhook_id, subscription_id, due_at)
	    SELECT id, '$subscription', now() + interval '3 s' FROM w;
	    UPDATE subscriptions SET state = 'active'
	    WHERE id = '$subscription'"
	redis FLUSHALL
	held() { [ "$(redis ZCARD "postrider:queue:$subscription")" -ge 2900 ]; }
	eventually 6 held
	redis CONFIG SET maxmemory 1
	eventually 20 settled "$subscription"
	left() { redis ZCARD "postrider:queue:$subscription"; }
	empty() { [ "$(left)" = 0 ] || { left; return 1; }; }
	eventually 10 empty
	redis CONFIG SET maxmemory 256mb
	works_again
}

@test "a replica, with and without its master's data" {
	redis REPLICAOF 127.0.0.1 1
	refusing READONLY
	redis CONFIG SET replica-serve-stale-data no
	refusing MASTERDOWN
	redis CONFIG SET replica-serve-stale-data yes
	redis REPLICAOF NO ONE
	works_again
}

@test "a password that we do not have" {
	redis CONFIG SET requirepass other
	redis -a other CLIENT KILL TYPE normal
	refusing NOAUTH
	redis -a other CONFIG SET requirepass ''
	works_again
}

@test "no right to call functions, or to write from them" {
	redis ACL SETUSER default -eval -evalsha
	refusing NOPERM
	redis ACL SETUSER default +@all -zpopmin
	delivered 5000
	redis ACL SETUSER default +@all
	works_again
}

@test "busy with somebody's script" {
	redis CONFIG SET busy-reply-threshold 200
	redis EVAL 'while true do end' 0 >/dev/null 2>&1 3>&- 4>&- &
	busy=$!
	sleep 0.3
	refusing BUSY
	redis SCRIPT KILL
	busy=
	works_again
}

@test "it cannot save, and so stops writes" {
	stack exec mkdir "$STACK_VAR/redis/dump.rdb"
	redis CONFIG SET save '3600 1'
	redis SET some key
	redis BGSAVE
	refusing MISCONF
	stack exec rmdir "$STACK_VAR/redis/dump.rdb"
	redis BGSAVE
	works_again
}

# start_redis ARGUMENT…: another server at the same place.
start_redis() {
	stack part-stop redis
	"$STACK" exec bash -c 'cd "$1/redis" && shift && exec setsid "$@"' - \
	    "$STACK_VAR" redis-server "$ROOT/src/stack/redis.conf" \
	    --dir "$STACK_VAR/redis" --unixsocket "$RUN/redis.sock" \
	    --pidfile "$RUN/redis.pid" "$@" >/dev/null 2>&1 3>&- 4>&- &
	answers() { [ -n "$(redis PING)" ]; }
	eventually 10 answers
}

# 16,000 keys at 0.5 ms each, and nothing of what was written before.
@test "loading what it saved" {
	redis FLUSHALL
	redis EVAL 'for i = 1, 16000 do redis.call("SET", "key" .. i, i) end' 0
	redis BGREWRITEAOF
	is_rewritten() {
		redis INFO persistence | grep -q aof_rewrite_in_progress:0 &&
		    redis INFO persistence | grep -q aof_rewrite_scheduled:0
	}
	eventually 10 is_rewritten
	start_redis --key-load-delay 500 --loading-process-events-interval-bytes 1024
	refusing LOADING
	eventually 30 redis_is 1
	redis EVAL 'for i = 1, 16000 do redis.call("DEL", "key" .. i) end' 0
	works_again
}

# With all the slots it does what another server does.
@test "a node of a cluster, without a slot, with some and with all of them" {
	start_redis --cluster-enabled yes --appendonly no \
	    --dbfilename cluster.rdb
	refusing cluster
	redis CONFIG SET cluster-require-full-coverage no
	redis CLUSTER ADDSLOTSRANGE 0 99
	refusing cluster
	redis CLUSTER ADDSLOTSRANGE 100 16383
	works_again
	stack part-stop redis
	rm -f "$STACK_VAR"/redis/{nodes.conf,cluster.rdb}
}

# It would fill the logs of both.
@test "without Redis: what PostgreSQL refuses is not asked for without a pause" {
	local refused
	stack part-stop redis
	eventually 10 redis_is 0
	sql "ALTER TABLE stats RENAME TO stats_away"
	lines=$(log_lines)
	sleep 2
	refused=$(tail -n "+$lines" "$STACK_VAR/log/worker.log" |
	    grep -c statement=delivery_pick) || true
	sql "ALTER TABLE stats_away RENAME TO stats"
	# of two delivery processes
	[ "$refused" -ge 2 ] && [ "$refused" -le 40 ] || fail "$refused times"
	stack part-start redis
	works_again
}
