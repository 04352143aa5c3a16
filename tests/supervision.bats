load helper

title_count() {	# ROLE COUNT
	local got
	got=$(pids "$1" | wc -l)
	[ "$got" = "$2" ] || { echo "$got of $1"; return 1; }
}

# replaced PID ROLE COUNT: it is gone, and there are as many as before.
replaced() {
	! kill -0 "$1" 2>/dev/null || { echo "$1 lives"; return 1; }
	title_count "$2" "$3"
}

worker_gone() { ! stack pid worker >/dev/null; }

serves() {
	request GET /readyz
	[ "$code" = 200 ] || { echo "$code"; return 1; }
	ingest "$SOME" '{}' >/dev/null
}

# Nothing of the worker's is left, whoever its parent is by now.
no_process() {
	local left
	left=$(for dir in /proc/[0-9]*; do
		[ "$(readlink "$dir/cwd")" != "$RUN" ] ||
		    grep -z postrider "$dir/cmdline" | tr '\0' ' '
	done 2>/dev/null)
	[ -z "$left" ] || { echo "$left"; return 1; }
}

setup_file() {
	load helper
	SOME=$(subscribe /ok/supervision)
	export SOME
}

teardown() {
	stack pid worker >/dev/null || stack part-start worker
	eventually 20 ready
}

@test "ps shows each process's role" {
	eventually 5 title_count ingest 2
	title_count api 4
	title_count admin 2
	title_count delivery 2
	title_count keeper 1
	run ps -o args= -p "$(stack pid worker)"
	assert_output --partial 'postrider'
}

@test "kill -9 of each kind of child: it is replaced, and work goes on" {
	local role count victim
	while read -r role count; do
		victim=$(pids "$role" | head -1)
		[ -n "$victim" ]
		kill -9 "$victim"
		eventually 10 replaced "$victim" "$role" "$count"
		eventually 10 serves
	done <<-'E'
	ingest 2
	api 4
	admin 2
	delivery 2
	keeper 1
	E
	request GET /ui/
	assert_code 200
	eventually 10 settled "$SOME"
}

@test "every pool killed at once comes back" {
	kill -9 $(pids ingest) $(pids api)
	eventually 15 serves
	eventually 10 title_count ingest 2
	eventually 10 title_count api 4
}

@test "one that dies again and again does not stop the others" {
	local number victim
	for number in 1 2 3 4; do
		victim=$(pids keeper)
		[ -z "$victim" ] || kill -9 "$victim"
		sleep 0.3
		ingest "$SOME" '{}'
	done
	eventually 30 title_count keeper 1
}

@test "SIGTERM drains: what is in flight is finished, and nothing is left" {
	local path subscription worker ids=$BATS_TEST_TMPDIR/ids
	path=$(own /slow-ms/1000)
	subscription=$(subscribe "$path")
	for _ in 1 2 3 4 5 6; do
		ingest "$subscription" '{}' >>"$ids"
	done
	eventually 5 arrived "$path" 6
	stack signal worker TERM
	eventually 20 worker_gone
	no_process
	[ "$(sql "SELECT count(*) FROM delivery_logs WHERE outcome = 'Success'
	    AND subscription_id = '$subscription'")" = 6 ]
	[ "$(sql "SELECT count(*) FROM pending WHERE lease IS NOT NULL")" = 0 ]
	stack part-start worker
	eventually 20 serves
	[ "$(arrivals "$path" | jq length)" = 6 ]
}

@test "SIGTERM with a receiver that hangs ends within the time-out" {
	local path subscription webhook began
	path=$(own /hang)
	subscription=$(subscribe "$path")
	webhook=$(ingest "$subscription" '{}')
	eventually 5 arrived "$path" 1
	began=$(date +%s)
	stack signal worker TERM
	eventually 15 worker_gone
	[ $(($(date +%s) - began)) -le 10 ]
	no_process
	stack part-start worker
	eventually 20 ready
	request GET "/status/$webhook"
	assert_code 200
	request DELETE "/subscriptions/$subscription"
}

# crash NAME VICTIM…: five in flight, kill, start again; each ends in Success.
crash() {
	local name=$1 path=/gate/$1 ids=$BATS_TEST_TMPDIR/ids subscription
	shift
	subscription=$(subscribe "$path")
	for _ in 1 2 3 4 5; do ingest "$subscription" '{}' >>"$ids"; done
	eventually 5 inflight "$path" 5
	kill -9 "$@"
	eventually 10 no_process
	gate "$name"
	stack part-start worker
	eventually 20 ready
	eventually 50 settled "$subscription"
	[ "$(sql "SELECT count(*) FROM delivery_logs WHERE outcome = 'Success'
	    AND subscription_id = '$subscription'")" = 5 ]
	arrivals "$path" | jq -r '.[].id' | sort -u | cmp - <(sort "$ids")
	[ "$(arrivals "$path" | jq length)" -le 10 ]
}

@test "kill -9 of the supervisor leaves no process, and loses no webhook" {
	crash "orphans-$(date +%s%N)" "$(stack pid worker)"
}

@test "kill -9 of all at once, as in a crash of the host: nothing is lost" {
	# nobody saw them die: their leases break after LEASE_SECONDS, here 15
	crash "crash-$(date +%s%N)" "$(stack pid worker)" $(pids '.*')
}

@test "a second worker in the same place is refused, and harms nothing" {
	run stack exec postrider-worker
	assert_failure
	assert_output --partial 'another worker runs already'
	serves
	title_count delivery 2
}

@test "a start with settings that would end each process is refused" {
	local line
	for line in CA_FILE=/nowhere.pem SHARE_DIR=/nowhere \
	    DATABASE_URL=postgresql://%zz@/x REDIS_URL=nowhere \
	    ALLOW_TARGETS=10.0.0.1/8
	do
		run stack exec env "$line" postrider-worker
		[ "$status" = 100 ]
		assert_output --partial "${line%%=*}"
	done
}

@test "SIGUSR2 rolls one child at a time, and no request is refused" {
	local before ids=$BATS_TEST_TMPDIR/ids
	before=$(pids '.*' | sort)
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 1500 4 "$SOME" >"$ids" \
	    2>"$BATS_TEST_TMPDIR/refused" 3>&- 4>&- &
	local load=$!
	stack signal worker USR2
	rolled() {
		local now
		now=$(pids '.*' | sort)
		[ "$(wc -l <<<"$now")" = "$(wc -l <<<"$1")" ] &&
		    [ -z "$(comm -12 <(echo "$1") <(echo "$now"))" ] ||
			{ comm -12 <(echo "$1") <(echo "$now"); return 1; }
	}
	eventually 60 rolled "$before"
	wait $load || fail "$(head -3 "$BATS_TEST_TMPDIR/refused")"
	[ "$(sort -u "$ids" | wc -l)" = 1500 ]
	eventually 30 settled "$SOME"
}

@test "SIGHUP reads the configuration again" {
	local conf=$STACK_VAR/postrider.conf before
	before=$(cat "$conf")
	sed -i 's/^API_PROCESSES=.*/API_PROCESSES=3/' "$conf"
	stack signal worker HUP
	eventually 30 title_count api 3
	printf '%s\n' "$before" >"$conf"
	stack signal worker HUP
	eventually 30 title_count api 4
	eventually 10 serves
}

@test "a configuration that does not fit is refused at SIGHUP, and all goes on" {
	local conf=$STACK_VAR/postrider.conf before worker line lines
	local said=$BATS_TEST_TMPDIR/said
	before=$(cat "$conf")
	worker=$(stack pid worker)
	refused() {
		tail -n "+$lines" "$STACK_VAR/log/worker.log" >"$said"
		grep -q "${line%%=*}" "$said" &&
		    grep -q 'kept the old settings' "$said"
	}
	# Neither what cannot be read, nor what would end each process.
	for line in CA_FILE=/nowhere.pem SHARE_DIR=/nowhere \
	    DATABASE_URL=postgresql://%zz@/x REDIS_URL=nowhere NO_SUCH_SETTING=1
	do
		lines=$(($(wc -l <"$STACK_VAR/log/worker.log") + 1))
		printf '%s\n' "$before" "$line" >"$conf"
		stack signal worker HUP
		eventually 10 refused
		serves
	done
	[ "$(stack pid worker)" = "$worker" ]
	# Nor does it keep one from being replaced that ends now.
	kill -9 $(pids '(ingest|api|admin|delivery)')
	eventually 10 title_count ingest 2
	eventually 10 serves
	request GET /ui/settings
	assert_code 200
	[[ $body == *"$conf:"* ]]
	printf '%s\n' "$before" >"$conf"
	stack signal worker HUP
	eventually 30 serves
}

killed_for_hanging() { grep -c 'killing a child that hangs' \
    "$STACK_VAR/log/worker.log" || true; }

nobody_is_replaced() {	# a reload may still be under way
	local before
	before=$(pids '.*')
	sleep 1.5
	[ "$before" = "$(pids '.*')" ]
}

no_delivery() {
	request GET /readyz
	[ "$code $(json '[.status, .ingest, .delivery, .detail] | join(", ")')" \
	    = '200 degraded, ok, down, no delivery process is alive' ] ||
		{ echo "$code $body"; return 1; }
}

# A process that waits for PostgreSQL within its deadlines does not hang.
@test "whoever is frozen is told of and replaced, not who waits for PostgreSQL" {
	local victims=() role count before pid
	eventually 20 nobody_is_replaced
	before=$(killed_for_hanging)
	for role in ingest api admin; do
		victims+=("$(pids $role | head -1)")
	done
	victims+=($(pids delivery))
	[ ${#victims[@]} = 5 ]
	kill -STOP "${victims[@]}"
	eventually 20 no_delivery
	request GET /metrics
	grep -qx 'postrider_up{component="delivery"} 0' <<<"$body"
	ingest "$SOME" '{}'
	stack signal postgresql STOP
	for count in $(seq 40); do
		kill -0 "${victims[@]}" 2>/dev/null || break
		request GET /readyz
		request POST "/ingest/$SOME" -d '{}'
		request GET /ui/
		sleep 0.5
	done
	all_dead() { for pid; do ! kill -0 "$pid" 2>/dev/null || return 1; done; }
	eventually 10 all_dead "${victims[@]}"
	stack signal postgresql CONT
	while read -r role count; do
		eventually 20 title_count "$role" "$count"
	done <<-'E'
	ingest 2
	api 4
	admin 2
	delivery 2
	E
	count=$(($(killed_for_hanging) - before))
	[ $count = 5 ] || fail "$count were killed"
	eventually 20 ready
	eventually 30 settled "$SOME"
}

# The supervisor tells systemd that it lives, and a frozen one does not.
@test "the watchdog is fed while the supervisor supervises" {
	local socket=$RUN/notify conf=$STACK_VAR/watched.conf listener worker
	sed "s|^RUN_DIR=.*|RUN_DIR=$RUN/watched|; s|^CGI_DIR=.*|CGI_DIR=/none|" \
	    "$STACK_VAR/postrider.conf" >"$conf"
	chmod a+r "$conf"
	python3 - "$socket" >"$BATS_TEST_TMPDIR/told" 3>&- 4>&- <<-'EOF' &
		import os, socket, sys
		inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		inbox.bind(sys.argv[1])
		os.chmod(sys.argv[1], 0o777)
		while (said := inbox.recv(4096).decode()) != "STOPPING=1":
		    print(said, flush=True)
	EOF
	listener=$!
	listens() { [ -S "$socket" ]; }
	eventually 5 listens
	"$STACK" exec env POSTRIDER_CONF="$conf" sh -c 'NOTIFY_SOCKET=$1 \
	    WATCHDOG_USEC=1000000 WATCHDOG_PID=$$ \
	    JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) \
	    exec postrider-worker' sh \
	    "$socket" >"$STACK_VAR/log/watched.log" 2>&1 3>&- 4>&- &
	fed() { [ "$(grep -c WATCHDOG=1 "$BATS_TEST_TMPDIR/told")" -ge "$1" ]; }
	eventually 10 fed 3
	[ "$(head -1 "$BATS_TEST_TMPDIR/told")" = READY=1 ]
	worker=$(cat "$RUN/watched/worker.pid")
	kill -STOP "$worker"
	local count
	count=$(grep -c WATCHDOG=1 "$BATS_TEST_TMPDIR/told")
	sleep 2
	run fed $((count + 2))
	assert_failure
	kill -CONT "$worker"
	eventually 5 fed $((count + 2))
	kill "$worker"
	wait "$listener"
	rm -rf "$socket" "$conf" "$RUN/watched"
	# All of them wrote as for the journal, which its children must be told.
	grep -q '^<6>info keeper\[' "$STACK_VAR/log/watched.log"
	grep -q '^<6>info delivery 1\[' "$STACK_VAR/log/watched.log"
	run grep -v '^<[3467]>' "$STACK_VAR/log/watched.log"
	assert_output ''
}
