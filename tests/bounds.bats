load helper

# What receivers do to us, and what becomes of it: the outcome and its note, in
# time and in bounded memory.

delivery_pids() { pids delivery | tr '\n' ' '; }

# peak: KiB, the most that a delivery process ever had.
peak() {
	local pid most=0 now
	for pid in $(delivery_pids); do
		now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
		[ "$now" -le $most ] || most=$now
	done
	echo $most
}

first_attempts() {	# COUNT ID…
	local want=$1 got list
	shift
	list=$(printf "'%s'," "$@")
	got=$(sql "SELECT count(DISTINCT webhook_id) FROM delivery_logs
	    WHERE subscription_id IN (${list%,})")
	[ "$got" -ge "$want" ] || { echo "$got of $want"; return 1; }
}

unsubscribe() {
	curl -s -m 60 -X DELETE "${@/#/$URL/subscriptions/}" 3>&- 4>&-
}

# behaviour; outcome; status; note (regular expressions); most ms.  Two
# seconds is HTTP_TIMEOUT here; what ends sooner has 1800.
behaviours='
hang                  ; Failed Attempt ;   0 ; timed out after 2.0 s: no response after the request ; 4000
drip/header           ; Failed Attempt ;   0 ; timed out after 2.0 s: response header not finished ; 4000
drip/continues        ; Failed Attempt ;   0 ; timed out after 2.0 s: response header not finished ; 4000
drip/headers          ; Success        ; 200 ; response header too long, cut ; 1800
drip/body             ; Success        ; 200 ; the answer.s body did not end within 2.0 s ; 4000
drip/bodies           ; Success        ; 200 ; answer too long, cut ; 1800
endless               ; Success        ; 200 ; answer too long, cut ; 1800
raw/header-101-kib    ; Success        ; 200 ; response header too long, cut ; 1800
raw/continue-1        ; Success        ; 200 ;  ; 1800
raw/continue-1000     ; Failed Attempt ;   0 ; malformed answer ; 1800
raw/switch            ; Failed Attempt ;   0 ; malformed answer ; 1800
raw/half-status       ; Failed Attempt ;   0 ; (malformed answer|connection (closed|reset).*) ; 1800
raw/half-header       ; Failed Attempt ;   0 ; (malformed answer|connection (closed|reset).*) ; 1800
raw/no-http           ; Failed Attempt ;   0 ; (malformed answer|connection reset) ; 1800
raw/http-0.9          ; Failed Attempt ;   0 ; (malformed answer|connection reset) ; 1800
garbage               ; Failed Attempt ;   0 ; (malformed answer|connection reset) ; 1800
raw/status-000        ; Failed Attempt ;   0 ; (malformed answer|connection reset) ; 1800
raw/status-999        ; Failed Attempt ; 999 ; HTTP 999 ; 1800
raw/nul-header        ; Failed Attempt ;   0 ; (malformed answer|connection reset) ; 1800
raw/negative-length   ; Failed Attempt ;   0 ; (malformed answer|connection reset) ; 1800
raw/two-lengths       ; (Success|Failed Attempt) ; (200|0) ; .* ; 1800
raw/length-and-chunks ; Success        ; 200 ;  ; 1800
raw/short-body        ; Success        ; 200 ; the answer.s body broke off ; 1800
raw/extra-bytes       ; Success        ; 200 ;  ; 1800
raw/bomb              ; Success        ; 200 ;  ; 1800
raw/bomb-transfer     ; Success        ; 200 ; .* ; 1800
raw/ntlm              ; Failed Attempt ; 401 ; HTTP 401 ; 1800
raw/inward            ; Failed Attempt ; 302 ; HTTP 302 ; 1800
raw/state             ; Success        ; 200 ;  ; 1800
close                 ; Failed Attempt ;   0 ; connection (closed without an answer|reset) ; 1800
reset                 ; Failed Attempt ;   0 ; connection (reset|closed without an answer) ; 1800
status/410            ; Failure        ; 410 ; HTTP 410 ; 1800
status/429            ; Failed Attempt ; 429 ; HTTP 429 ; 1800
https:tls/ok          ; Failed Attempt ;   0 ; TLS certificate not trusted ; 1800
https:old/ok          ; Failed Attempt ;   0 ; TLS handshake failed ; 1800
https:plain/ok        ; Failed Attempt ;   0 ; TLS handshake failed ; 1800
https:stalled/ok      ; Failed Attempt ;   0 ; timed out after 2.0 s: TLS handshake not finished ; 4000
http:full/ok          ; Failed Attempt ;   0 ; timed out after 2.0 s: no connection ; 4000
http:stalled/ok       ; Failed Attempt ;   0 ; timed out after 2.0 s: [1-9][0-9]* of 100000[0-9] bytes taken ; 4000
http:tls/ok           ; Failed Attempt ;   0 ; (connection (closed|reset).*|malformed answer|HTTP 400) ; 1800
early/413             ; Failed Attempt ; 413 ; HTTP 413 ; 4000
'

# target BEHAVIOUR OWN: the URL.  Some raw ones close a connection that looks as
# if it could be used again: a host each, so that no other meets such a one.
target() {
	local plain=${RECEIVER##*:} scheme port
	case $1 in
	http*:*)
		scheme=${1%%:*} port=${1#*:}
		port=${port%%/*}
		echo "$scheme://127.0.0.1:${!port}/${1#*/}/$2" ;;
	raw/*) echo "http://${1#raw/}.localhost:$plain/$1/$2" ;;
	*) echo "$RECEIVER/$1/$2" ;;
	esac
}

@test "whatever a receiver does: its outcome, a note, in time" {
	local name outcome status note most id line got own bad=0
	local large=$BATS_TEST_TMPDIR/large tls old stalled full
	local -a names urls list small_ones
	local -A rows ids
	jq -nc '"x" * 1000000' >"$large"
	read -r tls old stalled full <"$STACK_VAR/receiver.more"
	own=own-$(date +%s%N)
	while IFS=';' read -r name outcome status note most; do
		name=${name// /}
		[ -n "$name" ] || continue
		names+=("$name")
		urls+=("$(target "$name" "$own")")
		rows[$name]="$outcome;$status;$note;$most"
	done <<<"$behaviours"
	mapfile -t list < <(many ${#urls[@]} "${urls[@]}")
	for id in "${!names[@]}"; do ids[${names[$id]}]=${list[$id]}; done
	for name in "${names[@]}"; do
		[[ $name == early/* || $name == http:stalled/* ]] ||
			{ small_ones+=("${ids[$name]}"); continue; }
		ingest "${ids[$name]}" @"$large" >/dev/null
	done
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" ${#small_ones[@]} 4 \
	    "${small_ones[@]}" >/dev/null
	eventually 30 first_attempts ${#ids[@]} "${ids[@]}"
	for name in "${!rows[@]}"; do
		IFS=';' read -r outcome status note most <<<"${rows[$name]}"
		read -r outcome <<<"$outcome"
		read -r note <<<"$note"
		read -r status <<<"$status"
		got=$(sql "SELECT outcome, coalesce(status_code, 0),
		    coalesce(error, ''), duration_ms FROM delivery_logs
		    WHERE subscription_id = '${ids[$name]}'
		    ORDER BY attempt_number LIMIT 1")
		line="^$outcome\\|$status\\|$note\\|([0-9]+)\$"
		if [[ ! $got =~ $line ]] ||
		    [ "${BASH_REMATCH[-1]}" -gt $((most)) ]; then
			echo "$name: $got, not $line within $((most)) ms"
			bad=$((bad + 1))
		fi
	done
	unsubscribe "${ids[@]}"
	[ $bad = 0 ]
	# asked once and never at another's door
	[ "$(arrivals "/raw/ntlm/$own" | jq '.[0].headers |
	    has("authorization")')" = false ]
}

@test "nothing that a receiver sets is kept, what follows an answer neither" {
	local path subscription webhook number
	for path in "$(own /raw/state)" "$(own /raw/extra-bytes)"; do
		subscription=$(subscribe "$path")
		for number in 1 2 3; do
			webhook=$(ingest "$subscription" '{}')
			outcome 10 "$webhook" Success
			assert_json '[.total_attempts, .last_status_code]' \
			    '[1,200]'
		done
		[ "$(arrivals "$path" | jq '[.[].headers | has("cookie")] |
		    any')" = false ]
	done
}

@test "a compressed body is neither asked for nor unpacked" {
	local path webhook
	path=$(own /raw/bomb)
	webhook=$(ingest "$(subscribe "$path")" '{}')
	outcome 10 "$webhook" Success
	[ "$(arrivals "$path" | jq '.[0].headers |
	    has("accept-encoding")')" = false ]
	[ "$(sql "SELECT substr(response_body, 1, 2) FROM delivery_logs
	    WHERE webhook_id = '$webhook'")" = '\x1f8b' ]
}

@test "200 endless answers at once: bounded memory, and nobody waits" {
	local before after own ids id number began webhook
	own=own-$(date +%s%N)
	mapfile -t ids < <(many 200 "$RECEIVER/drip/bodies/$own" \
	    "$RECEIVER/drip/headers/$own" "$RECEIVER/endless/$own" \
	    "$RECEIVER/raw/bomb-transfer/$own")
	[ ${#ids[@]} = 200 ]
	before=$(peak)
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 200 8 "${ids[@]}" >/dev/null
	id=$(subscribe "/ok/$own")
	webhook=$(ingest "$id" '{}')
	eventually 5 arrived "/ok/$own" 1
	eventually 30 first_attempts 200 "${ids[@]}"
	after=$(peak)
	unsubscribe "${ids[@]}"
	echo "peak $before KiB, then $after KiB"
	# 64 KiB a receiver, and what a sanitizer keeps of what was freed;
	# without a limit the receiver sends gigabytes in that time
	[ $((after - before)) -lt 262144 ]
}

# ---- names -------------------------------------------------------------------

# A name server that answers 127.0.0.1 for live-* and nothing for the rest.
name_server() {
	exec python3 - 3>&- 4>&- <<'END'
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.77", 53))
while True:
    query, peer = sock.recvfrom(4096)
    if query[12:].startswith(b"\x05live-") or query[13:18] == b"live-":
        end = query.index(b"\0", 12) + 5
        is_a = query[end - 3] == 1
        answer = (query[:2] + b"\x81\x80\0\1\0" + bytes([is_a]) +
                  b"\0\0\0\0" + query[12:end])
        if is_a:
            answer += b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1"
        sock.sendto(answer, peer)
END
}

worker_with_resolver() {	# FILE
	stack part-stop worker
	unshare -m --propagation private -- sh -c '
	    mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' sh \
	    "$1" "$STACK" part-start worker 3>&- 4>&-
	eventually 20 ready
}

teardown() {
	if [ -n "${server:-}" ]; then
		kill "$server"
		stack part-stop worker
		stack part-start worker
		eventually 20 ready
	fi
}

threads() {
	local pid
	for pid in $(delivery_pids); do
		awk '/^Threads/ { print $2 }' "/proc/$pid/status"
	done | sort -n | tail -n 1
}

@test "a dead name server for half of the receivers changes nothing for others" {
	local conf=$BATS_TEST_TMPDIR/resolv.conf port=${RECEIVER##*:} own most=0
	local dead live number now ids began
	[ $EUID = 0 ] && unshare -m true 2>/dev/null ||
		skip 'needs a name server of its own, so root'
	own=own-$(date +%s%N)
	echo 'nameserver 127.0.0.77' >"$conf"
	chmod 644 "$conf"
	name_server &
	server=$!
	worker_with_resolver "$conf"
	mapfile -t live < <(many 20 \
	    "http://live-"{1..20}".example.net:$port/ok/$own")
	# so that each process has met each name
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 400 8 "${live[@]}" >/dev/null
	eventually 20 arrived "/ok/$own" 400
	mapfile -t dead < <(many 300 \
	    "http://dead-"{1..300}".example.net:$port/ok/dead-$own")
	[ ${#dead[@]} = 300 ]
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 300 8 "${dead[@]}" >/dev/null
	for number in 1 2 3 4 5 6; do
		for _ in 1 2 3; do
			now=$(threads)
			[ "$now" -le $most ] || most=$now
		done
		python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 20 4 "${live[@]}" \
		    >/dev/null
		eventually 3 arrived "/ok/$own" $((400 + 20 * number))
	done
	eventually 30 first_attempts 100 "${dead[@]}"
	echo "threads at most $most"
	[ "$most" -le 1 ]	# a look-up has none
	[ "$(sql "SELECT DISTINCT error FROM delivery_logs WHERE outcome =
	    'Failed Attempt' AND target_url LIKE '%/dead-$own'")" = \
	    'the name server did not answer' ]
	unsubscribe "${dead[@]}"
}
