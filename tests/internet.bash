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
		exec python3 '$BATS_TEST_DIRNAME/internet.py' '$NET'" sh "$@" \
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
