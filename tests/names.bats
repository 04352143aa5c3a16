load helper
load internet

# Host names, name servers and addresses as they are in the wild: slow, silent,
# broken, dark.  The worker lives in a network namespace with tests/internet.py
# in it; what goes to 192.36.0.0/16 and 2001:67c::/32 is never answered.

public4=93.184.216.34 public6=2606:2800:220:1::1

setup_file() {
	load helper
	load internet
	internet_open 'HTTP_TIMEOUT=5 LEASE_SECONDS=20
	    WORKER_PROCESSES=1' '
		ip link add dark type veth peer name void
		ip link set dark arp off up
		ip link set void arp off up
		ip -4 addr add 198.41.0.9/32 dev dark
		ip -6 addr add 2001:500:2::9/128 dev dark nodad
		ip -4 route add 192.36.0.0/16 dev dark
		ip -6 route add 2001:67c::/32 dev dark
		ip -4 route add local 93.184.0.0/16 dev lo
		ip -6 route add local 2606:2800::/32 dev lo'
}

teardown_file() { internet_close; }

setup() { [ -z "${WITHOUT_NET:-}" ] || skip "$WITHOUT_NET"; }

# first URL: the first attempt at it, as the log has it: error, status, final,
# milliseconds, and the phases in microseconds.
first() {
	local webhook
	webhook=$(ingest "$(rows "$1")" '{}')
	attempted() {
		attempt=$(sql "SELECT coalesce(error, ''),
		    coalesce(status_code, 0), duration_ms, coalesce(dns_us, -1),
		    coalesce(connect_us, -1) FROM delivery_logs
		    WHERE webhook_id = '$1' AND attempt_number = 1")
		[ -n "$attempt" ]
	}
	eventually 10 attempted "$webhook"
	IFS='|' read -r error status took dns connect final < <(sql "SELECT
	    coalesce(error, ''), coalesce(status_code, 0), duration_ms,
	    coalesce(dns_us, -1), coalesce(connect_us, -1), final
	    FROM delivery_logs
	    WHERE webhook_id = '$webhook' AND attempt_number = 1")
	echo "$1: '$error' $status in $took ms, name $dns us," \
	    "connection $connect us"
	sql "DELETE FROM pending WHERE webhook_id = '$webhook'"
}

# succeeds URL MOST-MS: the first attempt does, in that time.
succeeds() {
	first "$1"
	[ "$error $status" = ' 200' ]
	[ "$took" -le "$2" ]
}

# dark FAMILY COUNT: so many addresses where nobody is, with commas.
dark() {
	local number
	for number in $(seq "$2"); do
		case $1 in
		4) echo "192.36.$number.1" ;;
		6) echo "2001:67c:$(printf %x "$number")::1" ;;
		esac
	done | paste -sd ,
}

# ---- name servers ------------------------------------------------------------

@test "one family that is never answered for delays nothing" {
	zone only4.net '!silent=6' $public4
	zone only6.net '!silent=4' $public6
	zone fails6.net '!rcode6=2' $public4
	for name in only4 only6 fails6; do
		succeeds "http://$name.net/once" 1500
		[ "$dns" -ge 0 ] && [ "$dns" -lt 1000000 ]
		[ "$connect" -ge "$dns" ]
	done
}

@test "a name server that takes half of HTTP_TIMEOUT is waited for" {
	zone slow.net '!delay=2400' $public4,$public6
	zone slow-only4.net '!delay=2400' '!silent=6' '!ttl=30' $public4
	succeeds http://slow.net/once 4500
	[ "$dns" -ge 2400000 ]
	[ "$connect" -ge "$dns" ]
	succeeds http://slow-only4.net/once 4500
	succeeds http://slow-only4.net/once 500	# known for its TTL
}

@test "a missing name, a failing and a silent name server are told apart" {
	zone servfail.net '!rcode=2'
	zone refused.net '!rcode=5'
	zone nodata.net '!rcode=0'
	zone silent.net '!silent=46' $public4
	zone half.net '!rcode=2' '!silent=6'
	first http://servfail.net/
	[ "$error" = 'the name server failed (SERVFAIL or refused)' ]
	[ "$dns" = -1 ]
	first http://refused.net/
	[ "$error" = 'the name server failed (SERVFAIL or refused)' ]
	first http://nodata.net/
	[ "$error" = 'could not resolve host' ]
	first http://nothing.net/
	[ "$error" = 'could not resolve host' ]
	first http://silent.net/
	[ "$error" = 'the name server did not answer' ]
	[ "$took" -ge 4000 ] && [ "$took" -lt 6500 ]
}

@test "an answer too long for UDP is asked for again by TCP" {
	zone long.net '!tc' $public4
	succeeds http://long.net/once 1500
}

@test "/etc/resolv.conf is read anew, search and ndots are followed" {
	zone early.net $public4
	zone short.inner.net $public4
	zone a.b.inner.net $public4
	echo 'nameserver 93.184.0.1' >"$NET/resolv.conf"	# nobody there
	first http://early.net/once
	[ "$error" = 'the name server failed (SERVFAIL or refused)' ]
	printf '%s\n' 'nameserver 127.0.0.77' 'search outer.net inner.net' \
	    >"$NET/resolv.conf"
	succeeds http://early.net/once 1500
	succeeds http://short/once 1500
	succeeds http://a.b/once 1500		# as it stands first
	first http://a.b./once
	[ "$error" = 'could not resolve host' ]
	printf '%s\n' 'nameserver 192.36.0.1' 'nameserver 127.0.0.77' \
	    >"$NET/resolv.conf"
	succeeds http://early.net/once 2500	# the second is asked after 1 s
	echo 'nameserver 127.0.0.77' >"$NET/resolv.conf"
}

@test "what /etc/hosts says is so, all of it" {
	zone both.net 192.36.0.1
	printf '%s\n' "$public4 by-file.net other" "$public6 Both.net" \
	    "$public4 x both.net" >>"$NET/hosts"
	succeeds http://by-file.net/once 1500
	succeeds http://both.net/once 1500
	first http://localhost/
	[ "$error" = 'target address not allowed' ]
	[ "$final" = f ] # a name: it may lead elsewhere next time
}

# ---- addresses ---------------------------------------------------------------

@test "of many addresses the good one is reached, and remembered" {
	local webhook
	zone dark24.net '!ttl=30' "$(dark 4 24),$public4"
	zone dark6.net "$(dark 6 12),$public4"
	zone dark24-6.net "$(dark 6 24),$(dark 4 3),$public6"
	fresh
	for name in dark24 dark6 dark24-6; do
		succeeds "http://$name.net/once" 4500
	done
	for _ in 1 2 3; do succeeds http://dark24.net/once 400; done
	# more than an attempt has time for, in an answer that comes by TCP
	zone dark60.net '!tc' "$(dark 4 60),$public4"
	webhook=$(ingest "$(rows http://dark60.net/once)" '{}')
	outcome 20 "$webhook" Success
	echo "dark60: $(json .total_attempts) attempts"
	[ "$(json .total_attempts)" -le 2 ]
}

@test "an address that refuses is passed over at once" {
	zone refuses.net "93.184.0.7,93.184.0.8,$public4"
	first http://refuses.net:82/once	# nobody listens there at all
	[ "$error" = 'connection refused' ]
	[ "$took" -lt 500 ]
	zone dark-alone.net "$(dark 4 1)"
	first http://dark-alone.net/once
	[[ $error == timed\ out* ]]
	[ "$dns" -ge 0 ] && [ "$connect" = -1 ]
}

# ---- bounds ------------------------------------------------------------------

@test "a name server that cuts answers and is mute by TCP: all stays bounded" {
	asks_cut_names 8
}
