load helper

# PostgreSQL, Redis, both, Apache, the disk or a whole worker fail for a while,
# with requests in flight.  FAULTS_OUTAGE=60 is the long form: so many seconds,
# and one case more.  OUTAGE is more than LEASE_SECONDS, here 15.
OUTAGE=${FAULTS_OUTAGE:-17}

setup_file() {
	load helper
	[ -s "$ROOT/build/tests/disk_shim.so" ] ||
		make -s -C "$ROOT" build/tests/disk_shim.so >&2
}

# Whatever a test that failed has left.
teardown() {
	local part
	thaw
	disk_is_full ''
	[ -z "${second:-}" ] || { kill "$second"; wait "$second" || true; }
	for part in postgresql redis worker apache; do
		stack pid $part >/dev/null || mend $part
	done
	eventually 30 ready
}

# ---- breaking and mending --------------------------------------------------

frozen=
freeze() {	# PART…
	local part pid
	for part; do
		pid=$(stack pid "$part")
		frozen+=" $pid $(pgrep -P "$pid" | tr '\n' ' ')"
	done
	kill -STOP $frozen
}
thaw() {
	[ -z "$frozen" ] || kill -CONT $frozen 2>/dev/null || true
	frozen=
}

crash() {	# PART…: kill -9, frozen or not
	local part pid
	for part; do
		pid=$(stack pid "$part")
		kill -9 "$pid" $(pgrep -P "$pid")
		eventually 5 is_gone "$part"
	done
	frozen=
}
is_gone() { ! stack pid "$1" >/dev/null; }

# Again and again: a child of who was killed may hold the lock a moment longer.
mend() { eventually 20 stack part-start "$1"; }

# What the shim in PostgreSQL calls full: '', base or pg_wal.
disk_is_full() {
	[ ! -e "$RUN/preload.postgresql" ] ||
		printf '%-8s' "$1" 1<>"$RUN/preload.postgresql"
}

# ---- what is in flight -----------------------------------------------------

# in_flight NAME [/big]: 30 webhooks of five subscriptions wait at the gate
# $gate.
in_flight() {
	local subscriptions
	gate=$1-$(date +%s%N) ids=$BATS_TEST_TMPDIR/$1
	path=/gate/$gate${2:-}
	mapfile -t subscriptions < <(for _ in 1 2 3 4 5; do
		subscribe "$path"
	done)
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 30 8 \
	    "${subscriptions[@]}" | sort >"$ids"
	eventually 5 inflight "$path" 30
}
answered() { gate "$gate"; eventually 5 inflight "$path" 0; }

none_pending() {	# of $ids
	local left
	left=$(sql "SELECT count(*) FROM pending WHERE webhook_id IN
	    ($(sed "s/.*/'&'/" "$ids" | paste -sd,))")
	[ "$left" = 0 ] || { echo "$left are pending"; return 1; }
}

# Each of $ids arrived at $path, once, and is a Success at its first attempt.
each_once() {
	arrivals "$path" | jq -r '.[].id' | sort | cmp - "$ids"
	[ "$(sql "SELECT count(*), count(DISTINCT webhook_id), min(outcome),
	    max(outcome), max(attempt_number) FROM delivery_logs
	    WHERE target_url LIKE '%$path'")" = \
	    "$(wc -l <"$ids")|$(wc -l <"$ids")|Success|Success|1" ]
}

# Three failures, a second apart, then 200: its retries fall into the outage.
fails_at_first() {
	flaky_path=$(own /fail-n/3)
	flaky=$(ingest "$(subscribe "$flaky_path")" '{}')
	eventually 5 arrived "$flaky_path" 1
}
tries() { arrivals "$flaky_path" | jq length; }
# No retry was lost, or used up without a request.
recovers() {
	outcome 20 "$flaky" Success
	assert_json .total_attempts 4
	[ "$(tries)" = 4 ]
}

# ---- who asks meanwhile ----------------------------------------------------

# press CLIENTS SECONDS [SUBSCRIPTION]: in the background, into $answers.
press() {
	answers=$BATS_TEST_TMPDIR/answers-$(date +%s%N)
	"$BATS_TEST_DIRNAME/press.py" "$URL" "$1" "$2" "$3" \
	    >"$answers" 3>&- 4>&- &
	pressing=$!
}

# answers_are FIRST-STATUS… : no other; a 503 says when to come again.
answers_are() {
	wait "$pressing"
	local others
	others=$(awk -v ok=" $* " '!index(ok, " " $1 " ") ||
	    $1 == 503 && $3 !~ /^[0-9]+$/' "$answers")
	[ -z "$others" ] || fail "$(head -5 <<<"$others")"
	[ -s "$answers" ]
	echo "# $(cut -d' ' -f1 "$answers" | sort | uniq -c | xargs)," \
	    "slowest $(slowest) s" >&3
}
slowest() { cut -d' ' -f2 "$answers" | sort -g | tail -1; }
# within SECONDS: the slowest of them; half a second is the machine's.
within() {
	awk "BEGIN { exit !($(slowest) < $1 + 0.5) }" ||
		fail "the slowest took $(slowest) s"
}
acknowledged() { awk '$1 == 202 { print $4 }' "$answers" | sort; }

# Each of the answers' 202 arrived, and only once.
each_acknowledged_once() {	# PATH
	arrivals "$1" | jq -r '.[].id' | sort | cmp - <(acknowledged)
}

# ----------------------------------------------------------------------------

@test "PostgreSQL frozen, then gone, beyond a lease: all is kept, and sent once" {
	local ok processes tried
	processes=$(pids '.*' | sort)
	ok=$(subscribe "$(own /ok)")
	fails_at_first
	in_flight outage
	freeze postgresql
	answered
	sleep 0.5
	tried=$(tries)
	press 8 6 "$ok"
	answers_are 503
	within 2
	crash postgresql
	press 8 2 "$ok"
	answers_are 503
	within 2
	sleep $((OUTAGE - 8))
	[ "$(tries)" = "$tried" ]	# nothing is taken that cannot be claimed
	mend postgresql
	press 16 1 "$ok"
	answers_are 202	# the first request of each process too
	eventually 20 none_pending
	each_once
	recovers
	[ "$(pids '.*' | sort)" = "$processes" ]
	eventually 20 settled "$ok"
}

@test "Redis frozen, then gone: what is leased is committed, ingest goes on" {
	local ok path_ok processes seconds=${FAULTS_OUTAGE:-8}
	processes=$(pids '.*' | sort)
	path_ok=$(own /ok)
	ok=$(subscribe "$path_ok")
	in_flight outage
	freeze redis
	press 4 "$seconds" "$ok"
	answered
	eventually 8 none_pending
	sleep $((seconds / 3))
	crash redis
	answers_are 202
	within 0.5
	mend redis
	eventually 20 settled "$ok"
	each_once
	each_acknowledged_once "$path_ok"
	[ "$(pids '.*' | sort)" = "$processes" ]
	eventually 10 ready
}

@test "both gone at once: all is kept, and sent once" {
	local ok processes
	processes=$(pids '.*' | sort)
	ok=$(subscribe "$(own /ok)")
	fails_at_first
	in_flight outage
	crash postgresql redis
	answered
	press 8 3 "$ok"
	answers_are 503
	within 2
	sleep $((${FAULTS_OUTAGE:-6} - 3))
	mend redis
	mend postgresql
	press 16 1 "$ok"
	answers_are 202
	eventually 20 none_pending
	each_once
	recovers
	[ "$(pids '.*' | sort)" = "$processes" ]
	eventually 20 settled "$ok"
}

# terminated PART…: SIGTERM while these are frozen, with results in hand.
terminated() {
	local began
	in_flight "$(tr ' ' - <<<"$*")"
	freeze "$@"
	answered
	began=$(date +%s)
	stack signal worker TERM
	eventually 30 is_gone worker
	echo "# without $*: ended after $(($(date +%s) - began)) s" >&3
	[ $(($(date +%s) - began)) -le 22 ]	# 7 s, then the keeper's and pools' 10
	thaw
	stack part-start worker
	eventually 20 ready
}

# P3: what was answered and could not be committed in time comes twice at most.
at_least_once() {
	eventually 50 none_pending
	arrivals "$path" | jq -r '.[].id' | sort -u | cmp - "$ids"
	[ "$(arrivals "$path" | jq 'group_by(.id) | map(length) | max')" -le 2 ]
	[ "$(sql "SELECT count(*) FROM delivery_logs WHERE final
	    AND outcome = 'Success' AND target_url LIKE '%$path'")" = 30 ]
	echo "# $(arrivals "$path" | jq length) requests for 30 webhooks" >&3
}

@test "SIGTERM while PostgreSQL, Redis or both are frozen: ends, loses nothing" {
	local paths=() idss=() number
	if [ -n "${FAULTS_OUTAGE:-}" ]; then	# the next is the harder one
		terminated postgresql
		paths+=("$path") idss+=("$ids")
	fi
	terminated postgresql redis
	paths+=("$path") idss+=("$ids")
	terminated redis
	eventually 10 none_pending
	each_once
	for number in "${!paths[@]}"; do
		path=${paths[number]} ids=${idss[number]} at_least_once
	done
}

# start_second: another worker for the same webhooks, with one of each process.
start_second() {
	local conf=$STACK_VAR/second.conf pid
	{
		grep -vE '^(RUN_DIR|[A-Z]+_PROCESSES)=' "$STACK_VAR/postrider.conf"
		echo "RUN_DIR=$RUN/second"
		printf '%s_PROCESSES=1\n' WORKER INGEST API ADMIN
	} >"$conf"
	chmod a+r "$conf"
	"$STACK" exec env POSTRIDER_CONF="$conf" postrider-worker \
	    >"$STACK_VAR/log/second.log" 2>&1 3>&- 4>&- &
	second=$!
}

logged() {	# PATH CONDITION: how many rows
	sql "SELECT count(*) FROM delivery_logs WHERE target_url LIKE '%$1'
	    AND $2"
}
settled_at() {	# PATH
	[ "$(sql "SELECT count(*) FROM pending p JOIN subscriptions s
	    ON s.id = p.subscription_id WHERE target_url LIKE '%$1'")" = 0 ]
}
logged_are() { [ "$(logged "$1" "$2")" = "$3" ] || { logged "$1" "$2"; false; }; }

@test "a worker suspended beyond its leases: another takes over, it comes late" {
	local held hanging number subscriptions=()
	held=held-$(date +%s%N)
	hanging=hanging-$(date +%s%N)
	for number in 1 2 3 4 5; do
		subscriptions+=("$(subscribe "/gate/$held")")
		subscriptions+=("$(subscribe "/gate/$hanging")")
	done
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 60 16 \
	    "${subscriptions[@]}" >/dev/null
	eventually 5 inflight "/gate/$held" 30
	eventually 5 inflight "/gate/$hanging" 30
	crash postgresql
	gate "$held"	# its results cannot be committed
	eventually 5 inflight "/gate/$held" 0
	sleep 0.2
	control "gate?name=$held&open=0" >/dev/null
	freeze worker
	mend postgresql
	start_second
	# Each is sent once more; the one half is answered, the other hangs.
	eventually 40 arrived "/gate/$hanging" 60
	gate "$hanging"
	eventually 10 arrived "/gate/$held" 60
	eventually 10 logged_are "/gate/$hanging" \
	    "final AND outcome = 'Success'" 30
	[ "$(logged "/gate/$held" final)" = 0 ]
	thaw
	# What came after its time, and after another's Success, is a note.
	eventually 10 logged_are "/gate/$hanging" "error LIKE 'late: %'
	    AND NOT final AND outcome = 'Failed Attempt'" 30
	# What was a 2xx, and could not be said in time, is the Success.
	eventually 10 logged_are "/gate/$held" \
	    "final AND outcome = 'Success'" 30
	eventually 10 settled_at "/gate/$held"
	[ "$(logged "/gate/$hanging" final)" = 30 ]
	[ "$(logged "/gate/$held" final)" = 30 ]
	[ "$(arrivals "/gate/$hanging" | jq -c 'group_by(.id) |
	    map(length) | unique')" = '[2]' ]
	kill "$second"
	wait "$second" || true
	second=
}

# Two looks at the leases by another keeper are less than LEASE_SECONDS.
@test "a worker suspended within its leases keeps what it holds: sent once" {
	in_flight held
	crash postgresql
	answered	# its results cannot be committed
	sleep 0.5
	freeze worker
	mend postgresql
	start_second
	sleep 11
	[ "$(arrivals "$path" | jq length)" = 30 ]
	thaw
	eventually 10 none_pending
	each_once
	kill "$second"
	wait "$second" || true
	second=
}

# Its processes go on for their kept connections, and hear of no others: those
# of a burst wait in their backlog until they end.
@test "the supervisor killed: nobody waits for who is ending" {
	local ok busy
	ok=$(subscribe "$(own /ok)")
	press 4 6 "$ok"
	busy=$pressing
	sleep 0.5
	kill -9 "$(stack pid worker)"
	press 60 4 "$ok"
	sleep 1
	mend worker
	answers_are 202 503
	within 2
	wait "$busy"
	eventually 30 settled "$ok"
}

# ---- the disk --------------------------------------------------------------

# 200 KB that do not compress: pages that are not there yet.
ingest_large() {	# SUBSCRIPTION
	head -c 150000 /dev/urandom | base64 -w0 | sed 's/.*/"&"/' \
	    >"$BATS_TEST_TMPDIR/large"
	request POST "/ingest/$1" --data-binary "@$BATS_TEST_TMPDIR/large"
}
takes_large() {
	ingest_large "$1"
	[ "$code" = 202 ] || { echo "$code $body"; return 1; }
}
refuses_large() {
	ingest_large "$1"
	[ "$code" = 503 ] && [[ $(header Retry-After) =~ ^[0-9]+$ ]] ||
		{ echo "$code $body"; return 1; }
}
with_disk_shim() {
	stack part-stop postgresql
	STACK_PRELOAD_postgresql=build/tests/disk_shim.so \
	    stack part-start postgresql
	eventually 10 ready
}

@test "the disk full under PostgreSQL: 503, and all is well once there is room" {
	local ok
	ok=$(subscribe "$(own /ok)")
	with_disk_shim
	takes_large "$ok"
	in_flight full /big	# answers that need new pages too
	disk_is_full base
	answered
	eventually 5 refuses_large "$ok"	# until the page at hand is full
	for _ in 1 2 3 4 5; do refuses_large "$ok"; done
	press 4 3 "$ok"
	answers_are 202 503	# a small one may still fit
	within 2
	disk_is_full ''
	eventually 10 takes_large "$ok"
	press 4 1 "$ok"
	answers_are 202
	eventually 20 none_pending
	each_once
	eventually 20 settled "$ok"
}

@test "the disk full under PostgreSQL's WAL: it crashes, and nothing is lost" {
	local ok path_ok
	path_ok=$(own /ok)
	ok=$(subscribe "$path_ok")
	with_disk_shim
	press 4 5 "$ok"
	sleep 1
	disk_is_full pg_wal
	run psql -Xq -h "$RUN" -U postgres -d postrider -c "SELECT
	    count(pg_logical_emit_message(false, 'fill', repeat('x', 1000000)))
	    FROM generate_series(1, 500)"
	assert_failure
	refuses_large "$ok"
	answers_are 202 503
	within 2
	grep -q 'PANIC.*No space left' "$STACK_VAR/log/postgresql.log"
	disk_is_full ''
	stack pid postgresql >/dev/null || mend postgresql
	eventually 20 takes_large "$ok"
	eventually 20 settled "$ok"
	# what was stored without a 202, if any, came too
	[ -z "$(arrivals "$path_ok" | jq -r '.[].id' | sort |
	    comm -13 - <(acknowledged))" ]
	[ -z "$(arrivals "$path_ok" | jq -r '.[].id' | sort | uniq -d)" ]
}

# ---- Apache ----------------------------------------------------------------

@test "Apache restarted gracefully under load: no request in flight is cut" {
	local ok path_ok
	path_ok=$(own /ok)
	ok=$(subscribe "$path_ok")
	press 16 6 "$ok"
	python3 - "$URL" "$ok" >"$BATS_TEST_TMPDIR/slow" <<-'P' 3>&- 4>&- &
	import socket, sys, time, urllib.parse
	host = urllib.parse.urlsplit(sys.argv[1])
	uploads = []
	for number in range(60):    # half-way at each of the restarts
	    s = socket.create_connection((host.hostname, host.port))
	    s.sendall(f"POST /ingest/{sys.argv[2]} HTTP/1.1\r\nHost: localhost\r\n"
	              "Content-Type: application/json\r\n"
	              "Content-Length: 20000\r\n\r\n".encode() + b"[1" + b" " * 9998)
	    uploads.append(s)
	    time.sleep(0.08)
	    if number >= 12:
	        uploads[number - 12].sendall(b" " * 9999 + b"]")
	for s in uploads[-12:]:
	    s.sendall(b" " * 9999 + b"]")
	for s in uploads:
	    answer = b""
	    while more := s.recv(65536):
	        answer += more
	        if b"}" in answer:
	            break
	    print(answer.decode().split("\r\n")[0], answer[-2:].decode())
	P
	local slow=$!
	for _ in 1 2 3 4; do
		sleep 1
		stack signal apache USR1
	done
	answers_are 202
	wait $slow
	[ "$(grep -c ' 202 .*"}' "$BATS_TEST_TMPDIR/slow")" = 60 ] ||
		fail "$(sort "$BATS_TEST_TMPDIR/slow" | uniq -c)"
	eventually 30 settled "$ok"
	# what Apache has taken was answered: none was stored and cut
	[ "$(grep -c "POST /ingest/$ok " "$STACK_VAR/log/access.log")" = \
	    $(($(wc -l <"$answers") + 60)) ]
	[ "$(arrivals "$path_ok" | jq length)" = \
	    $(($(acknowledged | wc -l) + 60)) ]
	[ -z "$(arrivals "$path_ok" | jq -r '.[].id' | sort |
	    comm -13 - <(acknowledged))" ]
}

# ---- the keeper ------------------------------------------------------------

# Of what is due much later the slow pass brings 500 a second, and the sweep
# nothing: only a full pass is as fast.
@test "FLUSHALL: a full pass brings 20,000 webhooks back within 6 s" {
	local subscription
	subscription=$(subscribe "$(own /ok)")
	sql "WITH w AS (INSERT INTO webhooks (id, subscription_id, payload,
		filtered) SELECT uuid_new(), '$subscription', '{}', false
		FROM generate_series(1, 20000) RETURNING id)
	    INSERT INTO pending (webhook_id, subscription_id, due_at)
	    SELECT id, '$subscription', clock_timestamp() + interval '1 hour'
	    FROM w"
	queued() {
		local count
		count=$(redis EVAL "local n = 0
		    for _, key in ipairs(redis.call('KEYS',
			'*$subscription*')) do
			if redis.call('TYPE', key).ok == 'zset' then
			    n = n + redis.call('ZCARD', key)
			end
		    end
		    return n" 0)
		[ "$count" -ge 20000 ] || { echo "$count are queued"; return 1; }
	}
	redis FLUSHALL
	eventually 6 queued
	sql "DELETE FROM pending WHERE subscription_id = '$subscription'"
}
