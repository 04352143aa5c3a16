# A worker in a network of its own, where tests/internet.py is all the Internet.

# internet_open SETTINGS COMMANDS [ARGUMENT…]: a network that the commands of a
# shell lay out, the Internet in it, and the worker, with these settings (as
# NAME=VALUE), who may go anywhere that is public.
internet_open() {
	local settings=$1 layout=$2 one
	shift 2
	export NET=$BATS_FILE_TMPDIR
	[ $EUID = 0 ] && unshare -n -m sh -c 'ip link set lo up &&
	    ip -6 route add local ::/0 dev lo' 2>/dev/null || {
		export WITHOUT_NET='needs a network of its own, so root'
		return 0
	}
	echo 'nameserver 127.0.0.77' >"$NET/resolv.conf"
	cp /etc/hosts "$NET/hosts"
	chmod 644 "$NET/resolv.conf" "$NET/hosts"
	cp "$STACK_VAR/postrider.conf" "$NET/conf"
	stack part-stop worker
	setting ALLOW_TARGETS ''
	for one in $settings; do
		setting "${one%%=*}" "${one#*=}"
	done
	unshare -n -m --propagation private -- sh -ec "
		ip link set lo up
		mount --bind '$NET/resolv.conf' /etc/resolv.conf
		mount --bind '$NET/hosts' /etc/hosts
		$layout
		exec python3 '$ROOT/tests/internet.py' '$NET'" sh "$@" \
	    >"$NET/log" 2>&1 3>&- 4>&- &
	echo $! >"$NET/pid"
	eventually 10 test -e "$NET/ready"
	start_worker
}

internet_close() {
	[ -z "${WITHOUT_NET:-}" ] || return 0
	cat "$NET/conf" >"$STACK_VAR/postrider.conf"
	stack part-stop worker
	kill "$(cat "$NET/pid")"
	stack part-start worker
	eventually 20 ready
}

# A proxy that the environment names is nobody's business.
start_worker() {
	local proxy=http://127.0.0.1:80
	nsenter -t "$(cat "$NET/pid")" -n -m -r -- env http_proxy=$proxy \
	    https_proxy=$proxy all_proxy=$proxy ALL_PROXY=$proxy \
	    "$STACK" part-start worker 3>&- 4>&-
	eventually 20 ready
}

setting() {	# NAME VALUE: in the stack's file; its owner stays
	local text
	text=$(grep -v "^$1=" "$STACK_VAR/postrider.conf")
	printf '%s\n' "$text" "$1=$2" >"$STACK_VAR/postrider.conf"
}

# fresh: delivery processes that know no name and keep no connection.
fresh() {
	local old
	old=$(pids delivery)
	kill $old
	eventually 30 all_gone "$old"
}

# reloaded: every process has read the settings anew.
reloaded() {
	local old
	old=$(pids '(delivery|api)')
	stack signal worker HUP
	eventually 30 all_gone "$old"
	eventually 10 ready
}

all_gone() {	# PIDS
	local pid
	for pid in $1; do
		! kill -0 "$pid" 2>/dev/null || { echo "$pid runs"; return 1; }
	done
}

zone() { printf '%s\n' "$*" >>"$NET/zone"; }

# rows URL…: subscriptions that no door has checked; their ids, in order.
rows() {
	local list
	list=$(printf "('%s')," "$@")
	sql "INSERT INTO subscriptions (id, target_url)
	    SELECT uuid_new(), url FROM (VALUES ${list%,}) AS given (url)
	    RETURNING id"
}

quoted() { printf "'%s'\n" "$@" | paste -sd ,; }

arrives() {	# SUBSCRIPTION
	outcome 10 "$(ingest "$1" '{}')" Success
}

# The most of the delivery processes: threads, and open files.
held() {
	local pid
	for pid in $(pids delivery); do
		awk '/^Threads/ { print $2 }' "/proc/$pid/status"
	done | sort -n | tail -n 1
	for pid in $(pids delivery); do
		ls "/proc/$pid/fd" | wc -l
	done | sort -n | tail -n 1
}

# asks_cut_names SECONDS: for so long 80 webhooks a second go to 300 names whose
# name server cuts every answer and takes no connection by TCP. The delivery
# processes stay as they are, and another receiver gets all of its own.
asks_cut_names() {
	local ids live path load now most=0 files=0 count=0
	path=$(own /live)
	zone live.net '!silent=6' 93.184.216.34
	echo 'nameserver 127.0.0.78' >"$NET/resolv.conf"
	fresh
	live=$(rows "http://live.net$path")
	mapfile -t ids < <(rows "http://name-"{1..300}".cut.net/")
	python3 - "$1" "$URL" "${ids[@]}" >/dev/null 3>&- 4>&- <<'END' &
import http.client, sys, time, urllib.parse
api = http.client.HTTPConnection(urllib.parse.urlsplit(sys.argv[2]).netloc)
began = time.monotonic()
for number in range(80 * int(sys.argv[1])):
    time.sleep(max(0, began + number / 80 - time.monotonic()))
    api.request("POST", "/ingest/" + sys.argv[3 + number % 300], "{}",
                {"Content-Type": "application/json"})
    api.getresponse().read()
END
	load=$!
	while kill -0 $load 2>/dev/null; do
		mapfile -t now < <(held)
		[ "${now[0]}" -le $most ] || most=${now[0]}
		[ "${now[1]}" -le $files ] || files=${now[1]}
		ingest "$live" '{}'
		count=$((count + 1))
		sleep 0.5
	done
	wait $load
	echo "$most threads, $files files at most"
	[ "$most" -le 1 ]
	[ "$files" -le 400 ]	# two for each of 128 look-ups, and our own
	eventually 3 settled "$live"
	[ "$(sql "SELECT count(*) FROM delivery_logs WHERE outcome = 'Success'
	    AND subscription_id = '$live'")" = $count ]
	sql "DELETE FROM pending WHERE subscription_id IN ($(quoted "${ids[@]}"))"
	echo 'nameserver 127.0.0.77' >"$NET/resolv.conf"
}
