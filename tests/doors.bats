# The front door, as it is shipped, and clients that would hold it: slow, huge,
# too many.
load helper

teardown() { leave; }

# leave: what holds a door lets it go.
leave() {
	for holder in ${holders:-}; do
		kill "$holder"
		wait "$holder" || true
	done
	holders=
}

# hold COUNT PATH: so many slow clients, until the test ends.
hold() {
	local said=$BATS_TEST_TMPDIR/hold-${2//\//_}
	python3 "$BATS_TEST_DIRNAME/doors.py" "$URL" hold "$1" "$2" \
	    >"$said" 3>&- 4>&- &
	holders="${holders:-} $!"
	eventually 20 grep -q held "$said"
}

# served MS METHOD PATH [CURL ARGUMENT…]: a good client's request; its status.
served() {
	local most=$1 began=$(date +%s%N) took
	shift
	request "$@"
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$took" -le "$most" ] || fail "$* took $took ms"
	echo "$code after $took ms: $*"
	[[ $code == 20[012] ]] || fail "$*: $code"
}

# kind; status; s at least; s at most; the type of "detail", - without a body.
kinds='
header-silent       408      4 8   str
header-drips        408      4 8   str
header-moves        408      9 14  str
line-drips          closed   4 8   -
api-body-silent     408      4 8   str
api-body-drips      408      4 8   str
api-body-moves      408      18 25 str
ui-body-drips       403      4 8   -
ingest-body-silent  408      4 8   str
ingest-body-drips   408      4 8   str
ingest-body-moves   408      18 25 str
no-such-length      408      4 8   str
long-line           414      0 3   str
long-field          400      0 3   str
100-fields          400      0 3   str
50-fields           200      0 3   NoneType
api-body-huge       413      0 5   str
api-body-endless    413      0 5   str
ingest-body-huge    413      0 5   str
ingest-body-endless 413      0 5   str
'

@test "slow, huge and endless requests are cut off, and told why in JSON" {
	local kind status least most detail got_status got_s got_detail bad=
	python3 "$BATS_TEST_DIRNAME/doors.py" "$URL" cut \
	    >"$BATS_TEST_TMPDIR/cut"
	while read -r kind status least most detail; do
		[ -n "$kind" ] || continue
		read -r got_status got_s got_detail < <(sed -n \
		    "s/^$kind //p" "$BATS_TEST_TMPDIR/cut")
		[ "$got_status" = "$status" ] &&
		    [ "${got_s%.*}" -ge "$least" ] &&
		    [ "${got_s%.*}" -le "$most" ] &&
		    [ "$got_detail" = "$detail" ] ||
			bad+="$kind: $got_status after $got_s s, $got_detail"$'\n'
	done <<<"$kinds"
	[ -z "$bad" ] || fail "$bad"
	served 2000 GET /healthz
}

@test "slow bodies, more than there are processes, hold nobody else up" {
	local id
	id=$(subscribe /ok)
	hold 30 /subscriptions/
	hold 30 "/ingest/$id"
	hold 30 /ui/subscriptions/new
	sleep 1	# so that each process may have got some
	for _ in 1 2 3 4 5; do
		served 3000 GET "/subscriptions/$id"
		served 3000 POST "/ingest/$id" -d '{}'
		served 3000 GET /ui/
	done
	[ "$(ss -Htn state established "( sport = :${URL##*:} )" | wc -l)" \
	    -ge 90 ]
}

@test "idle connections beyond all that Apache takes hold nobody else up" {
	hold 600 idle
	served 3000 GET /healthz
}

# Once each has its answer; they keep their places for KeepAliveTimeout.
@test "3,000 idle connections are kept, and hold nobody else up" {
	hold 3000 kept
	for _ in 1 2 3; do
		served 1000 GET /healthz
		served 1000 POST "/ingest/$(subscribe /ok)" -d '{}'
	done
	[ "$(ss -Htn state established "( sport = :${URL##*:} )" | wc -l)" \
	    -ge 3000 ]
}

@test "with all of Apache's threads held a good client waits 10 s at most" {
	hold 600 header
	served 14000 GET /healthz
	served 3000 GET /healthz
	served 3000 GET /subscriptions/
}

apache_has() { [ "$(pgrep -cP "$(stack pid apache)")" -ge "$1" ]; }

# Apache would end a process a second, and what comes in on its connections.
@test "after the crowd has left no kept connection is cut off" {
	local id crowd left
	id=$(subscribe /ok)
	hold 600 header
	eventually 20 apache_has 16
	crowd=$(pgrep -P "$(stack pid apache)")
	leave
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 5000 16 "$id" >/dev/null
	sleep 3
	left=$(pgrep -P "$(stack pid apache)")
	diff <(echo "$crowd") <(echo "$left")
}

# While ingest waits for more it may hear the end of a connection whose request
# it has.
@test "callers that leave before their answer take nobody's with them" {
	local id before
	id=$(subscribe /ok)
	before=$(pids ingest)
	python3 - "$BATS_TEST_DIRNAME" "$RUN/ingest.sock" "/ingest/$id" <<-'P'
	import socket, sys
	sys.path.insert(0, sys.argv[1])
	from fastcgi import request, unpack
	WHOLE = request({"REQUEST_METHOD": "POST", "REQUEST_URI": sys.argv[3],
	                 "CONTENT_LENGTH": "2", "HTTP_HOST": "localhost",
	                 "REMOTE_ADDR": "127.0.0.1"}, b"{}")
	def call():
	    connection = socket.socket(socket.AF_UNIX)
	    connection.settimeout(10)
	    connection.connect(sys.argv[2])
	    connection.sendall(WHOLE)
	    return connection
	def hear(connection):
	    data = b""
	    while unpack(data) is None:
	        more = connection.recv(65536)
	        assert more, "no answer"
	        data += more
	    assert b"202" in unpack(data), unpack(data)
	    connection.close()
	for _ in range(100):
	    for connection in [call() for _ in range(16)]:
	        hear(connection)
	    call().close()
	    stays = call()
	    call().close()
	    hear(stays)
	P
	[ "$(pids ingest)" = "$before" ]
	served 3000 POST "/ingest/$id" -d '{}'
}

# libfcgi would get as much memory, and wait.
@test "a FastCGI record that announces 1.9 GB is hung up on at once" {
	local pool
	for pool in ingest api admin; do
		python3 - "$BATS_TEST_DIRNAME" "$RUN/$pool.sock" <<-'P'
		import socket, struct, sys
		sys.path.insert(0, sys.argv[1])
		from fastcgi import BEGIN, PARAMS, record
		pair = struct.pack("!BI", 1, 0x80000000 | 1900000000) + b"n"
		with socket.socket(socket.AF_UNIX) as connection:
		    connection.settimeout(5)
		    connection.connect(sys.argv[2])
		    connection.sendall(record(BEGIN, struct.pack("!HB5x", 1, 1))
		                       + record(PARAMS, pair))
		    assert connection.recv(1) == b""
		P
	done
	served 3000 GET /healthz
}

ends() { ! kill -0 "$1" 2>/dev/null; }

# One that is closed while its next bytes lie there is not heard again, else it
# would count as closed twice, and the process never knew all to be gone.
@test "above the limit of memory a header that stands still goes, and once" {
	local id other this answers
	id=$(subscribe /ok)
	read -r this other < <(pids ingest | xargs)
	kill -STOP "$other"
	answers=$(python3 "$BATS_TEST_DIRNAME/early.py" full "$RUN/ingest.sock" \
	    "/ingest/$id" "$this" 3>&- 4>&-) || true
	kill -CONT "$other"
	[ "$answers" = "closed 202" ] || fail "$answers"
	sleep 1	# their ends were heard
	kill -TERM "$this"
	eventually 4 ends "$this"	# it would wait 5 s for nobody
	eventually 5 served 3000 POST "/ingest/$id" -d '{}'
}
