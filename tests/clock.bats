load helper

# The wall clock of one part steps by an hour while webhooks are on their way.
# A stack of our own, since what it stores has the wrong time afterwards; and
# without sanitizers, which must be loaded before anything else.
setup_file() {
	load helper
	export STACK_BUILD=build/release STACK_VAR=$STACK_VAR/clock
	PORT=$(free_port)
	export PORT URL=http://127.0.0.1:$PORT
	local part shim=build/tests/clock_shim.so
	[ -s "$ROOT/$shim" ] || make -s -C "$ROOT" $shim >&2
	for part in postgresql redis worker; do
		export "STACK_PRELOAD_$part=$shim"
	done
	export STACK_CONF_EXTRA='HTTP_TIMEOUT=5
RETRY_SCHEDULE=2,20,20,20,20
LEASE_SECONDS=20
WORKER_PROCESSES=2
INGEST_PROCESSES=2
API_PROCESSES=2
ADMIN_PROCESSES=1'
	stack start >"$BATS_FILE_TMPDIR/start" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/start" >&2; return 1; }
}

teardown_file() {
	stack stop >/dev/null
	rm -rf "${STACK_VAR:?}/postgresql"
}

# The worker reads PostgreSQL's clock anew as it starts.
teardown() {
	local part=${stepped:-}
	step worker 0
	step redis 0
	[ "$part" = postgresql ] || return 0
	step postgresql 0
	stack pid redis >/dev/null || stack part-start redis
	stack part-stop worker
	sql 'DELETE FROM pending'
	stack part-start worker
	eventually 20 ready
}

# step PART SECONDS: from its true time; in one write.
step() {
	stepped=$1
	printf '%-8d' "$2" 1<>"$RUN/preload.$1"
}

# The clock that a part sees, in seconds from the true one.
seen_by() {
	case $1 in
	redis) echo $(($(redis time | head -1) - $(date +%s))) ;;
	postgresql) sql "SELECT round(extract(epoch FROM clock_timestamp()))
	    - $(date +%s)" ;;
	esac
}

several() {	# SUBSCRIPTION: five webhooks, at once
	local codes
	codes=$(curl -s -m 20 -Z -o "$BATS_TEST_TMPDIR/answer#1" -d 1 \
	    -w '%{http_code} ' "$URL/ingest/$1?[1-5]" 3>&- 4>&-)
	[ "$codes" = '202 202 202 202 202 ' ]
}

# each PATH COUNT: all five arrived, each so many times and no more.
each() {
	local got
	got=$(arrivals "$1" | jq -c 'group_by(.id) | map(length)')
	[ "$got" = "[$2,$2,$2,$2,$2]" ] || { echo "$1 came $got"; return 1; }
}

# logged SUBSCRIPTION PATH: every arrival has its row, and no other is there.
logged() {
	local rows
	rows=$(sql "SELECT count(*) FROM delivery_logs
	    WHERE subscription_id = '$1'")
	[ "$rows" = "$(arrivals "$2" | jq length)" ] ||
		{ echo "$2 has $rows rows"; return 1; }
}

# Five that will be tried again in 20 s, five in flight, five that failed once
# and will succeed.
begin() {
	SICK=$(own /status/503) SLOW=$(own /slow-ms/2500)
	FLAKY=$(own /fail-n/1) FRESH=()
	sick=$(subscribe "$SICK") slow=$(subscribe "$SLOW")
	flaky=$(subscribe "$FLAKY")
	several "$sick"
	eventually 10 each "$SICK" 2
	several "$slow"
	several "$flaky"
	eventually 2 each "$FLAKY" 1
	inflight "$SLOW" 5
}

# What comes after the step is not held up.
fresh_arrive() {
	local path id
	path=$(own /ok)
	id=$(subscribe "$path")
	several "$id"
	eventually 15 each "$path" 1
	eventually 5 settled "$id"
	FRESH+=("$path")
}

nothing_twice() {
	local path
	eventually 15 settled "$slow"
	for path in "${FRESH[@]}" "$SLOW"; do
		each "$path" 1
	done
	each "$FLAKY" 2
	logged "$slow" "$SLOW"
	logged "$flaky" "$FLAKY"
	logged "$sick" "$SICK"
	[ "$(sql "SELECT count(*) FROM delivery_logs WHERE final
	    AND outcome = 'Success' AND subscription_id IN
	    ('$slow', '$flaky')")" = 10 ]
}

# due_within SUBSCRIPTION SECONDS: all five wait, none longer than that.
due_within() {
	local got
	got=$(sql "SELECT count(*), count(*) FILTER (WHERE due_at BETWEEN
	    clock_timestamp() AND clock_timestamp() + $2 * interval '1 s')
	    FROM pending WHERE subscription_id = '$1'")
	[ "$got" = '5|5' ] || { echo "of $1: $got"; return 1; }
}

# ids_are_true TABLE: none tells a time that has not come.
ids_are_true() {
	local ahead
	ahead=$(sql "SELECT count(*) FROM $1
	    WHERE id > uuid_at(clock_timestamp() + interval '1 minute')")
	[ "$ahead" = 0 ] || { echo "$ahead of $1 are ahead"; return 1; }
}

# Steps that must not be felt at all.
unfelt() {	# PART
	begin
	step "$1" 3600
	fresh_arrive
	step "$1" -3600
	fresh_arrive
	eventually 10 each "$FLAKY" 2
	eventually 5 settled "$flaky"
	due_within "$sick" 20
	each "$SICK" 2
	nothing_twice
	ids_are_true webhooks
	ids_are_true delivery_logs
}

@test "the worker's clock steps an hour forward, then back: nothing notices" {
	unfelt worker
}

@test "Redis's clock steps an hour forward, then back: nothing notices" {
	unfelt redis
	[ "$(seen_by redis)" -lt -3500 ]
}

# What waits may wait an hour longer, and goes on when that is over.
@test "PostgreSQL's clock steps an hour back: what waits waits no longer" {
	begin
	step postgresql -3600
	[ "$(seen_by postgresql)" -lt -3500 ]
	fresh_arrive
	due_within "$sick" 3620
	each "$SICK" 2
	step postgresql 0
	eventually 25 each "$FLAKY" 2
	eventually 5 settled "$flaky"
	nothing_twice
}

# What waits is tried at once, but once: the next time is 20 s later.
@test "PostgreSQL's clock steps an hour forward: one attempt, no flood" {
	begin
	step postgresql 3600
	fresh_arrive
	eventually 20 each "$SICK" 3
	eventually 5 due_within "$sick" 21
	each "$SICK" 3
	eventually 5 settled "$flaky"
	nothing_twice
}

@test "PostgreSQL's clock steps an hour forward without Redis: the same" {
	stack part-stop redis
	begin
	step postgresql 3600
	fresh_arrive
	eventually 20 each "$SICK" 3
	eventually 5 due_within "$sick" 21
	each "$SICK" 3
	eventually 5 settled "$flaky"
	nothing_twice
}
