# A DATABASE_URL that names several places, the first of which is dark, frozen
# or a standby: the others are taken within the time of a request.
load helper

setup_file() {
	load helper
	cp "$STACK_VAR/postrider.conf" "$BATS_FILE_TMPDIR/conf"
}

teardown() {
	thaw
	[ -z "${dark:-}" ] || { kill "$dark"; wait "$dark" || true; }
	[ -z "${standby:-}" ] || { kill -9 $standby $(pgrep -P $standby) || true; }
	stack pid postgresql >/dev/null || eventually 20 stack part-start postgresql
	stack part-stop worker
	cat "$BATS_FILE_TMPDIR/conf" >"$STACK_VAR/postrider.conf"
	stack part-start worker
	eventually 30 ready
}

# places HOST-LIST [PARAMETERS]: of all URLs; the worker starts with these.
places() {
	stack part-stop worker
	sed "s|host=$RUN|host=$1${2:+\\&$2}|" "$BATS_FILE_TMPDIR/conf" \
	    >"$STACK_VAR/postrider.conf"
	grep -q "host=$1" "$STACK_VAR/postrider.conf"
	stack part-start worker
}

# dark_place: takes connections to $place and $port, and says nothing.
dark_place() {
	place=$RUN/dark
	mkdir -p "$place"
	port=$(free_port)
	python3 -c 'import socket, sys, time
a, b = socket.socket(socket.AF_UNIX), socket.socket()
a.bind(sys.argv[1] + "/.s.PGSQL.5432")
b.bind(("127.0.0.1", int(sys.argv[2])))
a.listen(500)
b.listen(500)
print("up", flush=True)
time.sleep(1000)' "$place" "$port" >"$BATS_TEST_TMPDIR/dark" 3>&- 4>&- &
	dark=$!
	eventually 5 test -s "$BATS_TEST_TMPDIR/dark"
	chmod -R a+rwX "$place"
}

# accepts SECONDS: how long until a 202 comes, and then only these.
accepts() {
	local began took
	began=$(date +%s%N)
	taken() {
		request POST "/ingest/$subscription" -d '{}'
		[ "$code" = 202 ] || { echo "$code $body"; return 1; }
	}
	eventually "$1" taken
	took=$((($(date +%s%N) - began) / 1000000))
	echo "# a 202 after $took ms" >&3
}
serves() {	# twenty in a row, each at once
	local number
	for number in $(seq 20); do
		code=$(curl -s -m 5 -o /dev/null -w '%{http_code} %{time_total}' \
		    -d '{}' "$URL/ingest/$subscription" 3>&- 4>&-)
		[[ $code == '202 0.'[0-2]* ]] || { echo "$code"; return 1; }
	done
}

@test "the first place is dark: all programs take the second" {
	local list subscription began
	subscription=$(subscribe "$(own /ok)")
	dark_place
	for list in "$place,$RUN" "127.0.0.1,$RUN\\&port=$port,5432"; do
		places "$list"
		accepts 2
		eventually 5 serves	# each process has found it
		eventually 10 settled "$subscription"	# by deliveries and keeper
		began=$SECONDS
		"$STACK" exec postrider-admin migrate 3>&- 4>&-
		"$STACK" exec postrider-purge 3>&- 4>&-
		[ $((SECONDS - began)) -le 14 ]
	done
	grep -q 'took another place of PostgreSQL' "$STACK_VAR/log/worker.log"
}

frozen=
freeze() {
	local pid
	pid=$(stack pid postgresql)
	frozen="$pid $(pgrep -P "$pid" | tr '\n' ' ')"
	kill -STOP $frozen
}
thaw() {
	[ -z "$frozen" ] || kill -CONT $frozen 2>/dev/null || true
	frozen=
}

as_stack() { "$STACK" exec "$@" 3>&- 4>&-; }

# start_standby: $standby is its process, $second where it listens.
start_standby() {
	local bin data=$STACK_VAR/standby conf=$STACK_VAR/postgresql/pg_hba.conf
	bin=/usr/lib/postgresql/$(cat "$STACK_VAR/postgresql/PG_VERSION")/bin
	second=$RUN/standby
	grep -q replication "$conf" || {
		echo 'local replication all trust' >>"$conf"
		super_sql 'SELECT pg_reload_conf()'
	}
	as_stack mkdir -p "$second"
	as_stack rm -rf "$data"
	as_stack "$bin/pg_basebackup" -h "$RUN" -U postgres -D "$data" -R \
	    -X stream --checkpoint=fast
	as_stack "$bin/postgres" -D "$data" \
	    -c "config_file=$ROOT/src/stack/postgresql.conf" \
	    -c "unix_socket_directories=$second" \
	    >"$STACK_VAR/log/standby.log" 2>&1 &
	eventually 20 psql -XqAt -h "$second" -U postgres -d postrider \
	    -c 'SELECT 1'
	standby=$(head -1 "$data/postmaster.pid")
}

@test "the primary freezes and the standby is promoted: 202 within seconds" {
	local subscription webhook place list
	subscription=$(subscribe "$(own /ok)")
	start_standby
	places "$RUN,$second" target_session_attrs=read-write
	accepts 2
	eventually 5 serves
	eventually 10 settled "$subscription"
	there() { [ "$(psql -XqAt -h "$second" -U postgres -d postrider -c \
	    "SELECT count(*) FROM subscriptions WHERE id = '$subscription'")" = 1 ]; }
	eventually 5 there
	freeze
	psql -XqAt -h "$second" -U postgres -d postrider \
	    -c 'SELECT pg_promote(true, 20)'
	accepts 3
	eventually 6 serves
	webhook=$(ingest "$subscription" '{"after": "it"}')
	outcome 12 "$webhook" Success
}

@test "the first place is a standby: the second takes what is written" {
	local subscription
	subscription=$(subscribe "$(own /ok)")
	start_standby
	places "$second,$RUN" target_session_attrs=read-write
	accepts 2
	eventually 5 serves
	eventually 10 settled "$subscription"
}
