load helper
load internet

# No reach inward (P7), seen from a network where every address answers.  The
# worker lives in a network namespace whose loopback interface takes every
# address, and tests/internet.py is whoever is there: a connection to an address
# that is refused would be accepted, and noted.

# What anybody may reach, and what is public but this host's.
public4=93.184.216.34 public6=2606:4700::1111
own4=198.41.0.4 own6=2001:500:2::c

setup_file() {
	load helper
	load internet
	internet_open '' '
		ip -4 addr add "$1/32" dev lo
		ip -6 addr add "$2/128" dev lo nodad
		ip -4 route add local 0.0.0.0/0 dev lo
		ip -6 route add local ::/0 dev lo' "$own4" "$own6"
}

teardown_file() { internet_close; }

setup() {
	[[ -z ${WITHOUT_NET:-} || $BATS_TEST_DESCRIPTION == *classifiers* ]] ||
		skip "$WITHOUT_NET"
}

# reached PATH: where that was asked for, sorted, in one line.
reached() {
	awk -v path="$1" '$3 == path { print $2 }' "$NET/requests" | sort -u |
	    paste -sd ' '
}

refused() {	# WEBHOOK: so far, to be tried again
	outcome 10 "$1" 'Failed Attempt'
	assert_json '[.last_status_code, .error]' \
	    '[null,"target address not allowed"]'
}

# ---- spellings ---------------------------------------------------------------

# What leads to this host or its network, however it is spelled; and the type
# of the 422.
spellings='
http://127.0.0.1/                     url_not_allowed
http://127.0.0.1:81/                  url_not_allowed
http://127.0.0.1./                    url_not_allowed
http://2130706433/                    url_not_allowed
http://0x7f000001/                    url_not_allowed
http://017700000001/                  url_not_allowed
http://0x7f.1/                        url_not_allowed
http://0X7F.0.0.0x1/                  url_not_allowed
http://0177.0.0.1/                    url_not_allowed
http://127.1/                         url_not_allowed
http://127.0.1/                       url_not_allowed
http://0/                             url_not_allowed
http://0.0.0.0/                       url_not_allowed
http://0x0/                           url_not_allowed
http://127.0.0.%31/                   url_not_allowed
http://%31%32%37.0.0.1/               url_not_allowed
http://127。0。0。1/                  url_not_allowed
http://127．0．0．1/                  url_not_allowed
http://１２７．０．０．１/            url_not_allowed
http://①②⑦.⓪.⓪.①/                     url_not_allowed
http://１２７.1/                      url_not_allowed
http://127.0.0.1?@example.com/        url_not_allowed
http://127.0.0.1#@example.com/        url_not_allowed
http://127.0.0.1\@example.com/        url_not_allowed
http:\\127.0.0.1\                     url_not_allowed
http:127.0.0.1/                       url_not_allowed
http:/127.0.0.1                       url_not_allowed
http:///127.0.0.1                     url_not_allowed
http:////127.0.0.1                    url_not_allowed
HtTp://127.0.0.1/                     url_not_allowed
https://127.0.0.1/                    url_not_allowed
http://localhost/                     url_not_allowed
http://LOCALHOST/                     url_not_allowed
http://localhost./                    url_not_allowed
http://ｌｏｃａｌｈｏｓｔ/            url_not_allowed
http://a.localhost/                   url_not_allowed
http://[::1]/                         url_not_allowed
http://[0:0:0:0:0:0:0:1]/             url_not_allowed
http://[::]/                          url_not_allowed
http://[::127.0.0.1]/                 url_not_allowed
http://[::7f00:1]/                    url_not_allowed
http://[::ffff:127.0.0.1]/            url_not_allowed
http://[::FFFF:7F00:0001]/            url_not_allowed
http://[::ffff:0:127.0.0.1]/          url_not_allowed
http://[64:ff9b::127.0.0.1]/          url_not_allowed
http://[64:ff9b:1::127.0.0.1]/        url_not_allowed
http://[2002:7f00:1::]/               url_not_allowed
http://[2001:0:7f00:1::1]/            url_not_allowed
http://[2606:4700::5efe:127.0.0.1]/   url_not_allowed
http://[fe80::1]/                     url_not_allowed
http://[fe80::1%25lo]/                url_parsing
http://[fe80::1%lo]/                  url_parsing
http://[::1%25lo]/                    url_parsing
http://[::ffff:127.1]/                url_parsing
http://169.254.169.254/latest/        url_not_allowed
http://0xa9fea9fe/                    url_not_allowed
http://2852039166/                    url_not_allowed
http://0251.0376.0251.0376/           url_not_allowed
http://[fd00:ec2::254]/               url_not_allowed
http://metadata.google.internal/      url_not_allowed
http://metadata/                      url_not_allowed
http://printer.local/                 url_not_allowed
http://router.home.arpa/              url_not_allowed
http://100.100.100.200/               url_not_allowed
http://168.63.129.16/                 url_not_allowed
http://192.0.0.192/                   url_not_allowed
http://10.0.0.1/                      url_not_allowed
http://10.0.0.1/http://8.8.8.8/       url_not_allowed
http://user@127.0.0.1/                url_parsing
http://user:word@8.8.8.8/             url_parsing
http://8.8.8.8@127.0.0.1/             url_parsing
http://127.0.0.1@8.8.8.8/             url_parsing
http://8.8.8.8:@127.0.0.1/            url_parsing
http://127.0.0.1:80:80/               url_parsing
http://127.0.0.1.1/                   url_parsing
http://127.0.0.256/                   url_parsing
http://4294967296/                    url_parsing
http://[127.0.0.1]/                   url_parsing
127.0.0.1:81                          url_parsing
//127.0.0.1/                          url_parsing
localhost:80                          url_scheme
file:///etc/passwd                    url_scheme
gopher://127.0.0.1:80/_x              url_scheme
ftp://127.0.0.1/                      url_scheme
dict://127.0.0.1:80/                  url_scheme
ldap://127.0.0.1/                     url_scheme
unix:///run/x.sock                    url_scheme
'

@test "a refused address is 422 at the door, however it is spelled" {
	local want got
	want=$(awk 'NF { print $1, $2 }' <<<"$spellings")
	got=$(jq -nrR --arg url "$URL/subscriptions/" '[inputs | select(. != "")
	    | {target_url: split(" ")[0]} | "url = \($url)
	    header = \"Content-Type: application/json\"
	    data = \(tojson | tojson)"] | join("\nnext\n")' <<<"$spellings" |
	    curl -s -m 60 -K - 3>&- 4>&- |
	    jq -r '.detail[0] | "\(.input) \(.type)"')
	diff <(echo "$want") <(echo "$got")
	request POST /subscriptions/ -d '{"target_url": "http://10.0.0.1/"}'
	assert_faults 1
	assert_fault url_not_allowed '["body","target_url"]' "Target address \
not allowed: it is private, reserved or local; the operator may allow it \
(ALLOW_TARGETS)"
	request PATCH "/subscriptions/$(subscribe http://8.8.8.8/)" \
	    -d '{"target_url": "http://10.0.0.1/"}'
	assert_faults 1
}

# ---- deliveries --------------------------------------------------------------

# run_all ID…: a webhook each, and wait for their ends.
run_all() {
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" $# 8 "$@" >/dev/null
	eventually 40 none_pending "$(quoted "$@")"
}

none_pending() {
	local left
	left=$(sql "SELECT count(*) FROM pending
	    WHERE subscription_id IN ($1)")
	[ "$left" = 0 ] || { echo "$left are pending"; return 1; }
}

# ends ID…: lines "TARGET ATTEMPT OUTCOME: ERROR", sorted; final: of the last
# attempt alone.
ends() {
	sql "SELECT format('%s %s %s: %s', target_url, attempt_number, outcome,
	    error) FROM delivery_logs
	    WHERE subscription_id IN ($(quoted "$@"))" | sort
}
final() { ends "$@" | grep -v ' [0-9]* Failed Attempt: '; }

# Of names, what is said of them may be wrong, or mended: only an address is
# refused for good.
@test "past the door too it is refused, at once, and no address is named" {
	local name ids before names='(localhost|LOCALHOST|a\.localhost|metadata|metadata\.google\.internal|printer\.local|router\.home\.arpa)'
	for name in localhost 127.0.0.1 127.0.0.1.1 127.0.0.256 4294967296 \
	    metadata metadata.google.internal printer.local router.home.arpa
	do
		zone "$name" 127.0.0.1,::1
	done
	mapfile -t ids < <(rows $(awk '{ print $1 }' <<<"$spellings"))
	before=$(stat -c %s "$NET/connections")
	run_all "${ids[@]}"
	[ "$(final "${ids[@]}" | wc -l)" = ${#ids[@]} ]
	run grep -vE ' 1 Failure: target (address|URL) not allowed$' \
	    < <(final "${ids[@]}" | grep -vE "^http://$names\.?/")
	assert_output ''
	run grep -cE ' 6 Failure: target address not allowed$' \
	    < <(final "${ids[@]}" | grep -E "^http://$names\.?/")
	assert_output 8
	run grep -vE ': target (address|URL) not allowed$' < <(ends "${ids[@]}")
	assert_output ''
	[ "$(stat -c %s "$NET/connections")" = "$before" ]
}

@test "names that lead to the edges of every range: refused, and reached" {
	local ids name
	python3 "$BATS_TEST_DIRNAME/egress_model.py" edges >"$NET/edges"
	[ "$(wc -l <"$NET/edges")" -gt 500 ]
	mapfile -t ids < <(rows $(awk '{ print "http://" $1 "/edge" }' \
	    "$NET/edges"))
	run_all "${ids[@]}"
	diff <(awk '{ end = "Failure: target address not allowed" }
	    $3 == "a" { end = "Success: " }
	    { print "http://" $1 "/edge N " end }' "$NET/edges" | sort) \
	    <(final "${ids[@]}" | sed 's|/edge [1-6] |/edge N |')
	diff <(awk '$3 == "a" { print $2 }' "$NET/edges" | sort -u) \
	    <(awk '$3 == "/edge" { print $2 }' "$NET/requests" | sort -u)
}

@test "this host's own addresses are refused, public as they are" {
	local address
	for address in $own4 "[$own6]" "[::ffff:$own4]" "[64:ff9b::$own4]"; do
		request POST /subscriptions/ \
		    -d "{\"target_url\": \"http://$address/\"}"
		assert_faults 1
		assert_json '.detail[0].type' '"url_not_allowed"'
	done
	zone self.net $own4,$own6
	refused "$(ingest "$(subscribe http://self.net/)" '{}')"
}

# What the second classifier says of the rest: `make egress` asks it of more.
@test "100,000 IPv6 addresses: two classifiers agree" {
	local judge=build/tests/egress_judge
	[ -s "$ROOT/$judge" ] || make -s -C "$ROOT" $judge >&2
	python3 "$BATS_TEST_DIRNAME/egress_model.py" check "$ROOT/$judge" 100000
}

# ---- names whose answers change ----------------------------------------------

@test "a name that turns inward after the first look-up" {
	local path subscription webhook
	path=$(own /turn)
	zone turns.net $public4
	subscription=$(subscribe "http://turns.net$path")
	arrives "$subscription"
	[ "$(reached "$path")" = $public4 ]
	sed -i '/^turns.net /d' "$NET/zone"
	zone turns.net 127.0.0.1
	run_all "$subscription"	# perhaps over the connection that is kept
	[ "$(reached "$path")" = $public4 ]
	fresh
	webhook=$(ingest "$subscription" '{}')
	refused "$webhook"
	[ "$(reached "$path")" = $public4 ]
	sed -i '/^turns.net /d' "$NET/zone"
	zone turns.net $public4
	outcome 10 "$webhook" Success
	[ "$(reached "$path")" = $public4 ]
}

@test "a name that answers each look-up with something else" {
	local path number one two urls=() ids refusals
	path=$(own /flip)
	for number in {1..10}; do
		one=$public4 two=127.0.0.1
		[ $((number % 2)) = 0 ] || two=10.0.0.1
		[ $((number % 3)) = 0 ] || { one=$public6 two=::1; }
		[ $((number % 4)) = 0 ] || two=::ffff:127.0.0.1
		zone "out-$number.net" $one $two $one $two $one
		zone "in-$number.net" $two $one $two $one $two
		urls+=("http://"{in,out}-$number".net$path")
	done
	mapfile -t ids < <(rows "${urls[@]}")
	run_all "${ids[@]}"
	refusals=' 1 Failed Attempt: target address not allowed$'
	[ "$(ends "${ids[@]}" | grep -c "/in-.*$refusals")" = 10 ]
	[ "$(ends "${ids[@]}" | grep -c '/in-.* 2 Success: $')" = 10 ]
	[ "$(ends "${ids[@]}" | grep -c '/out-.* 1 Success: $')" = 10 ]
	fresh
	run_all "${ids[@]}"
	[ "$(ends "${ids[@]}" | grep -c "/in-.*$refusals")" = 20 ]
	[ "$(ends "${ids[@]}" | grep -c "/out-.*$refusals")" = 10 ]
	[ "$(ends "${ids[@]}" | grep -c ' Success: $')" = 40 ]
	[ "$(reached "$path")" = "$public6 $public4" ]
}

@test "of several addresses only those that are allowed are reached" {
	local path ids subscription
	path=$(own /several)
	zone first-in.net 127.0.0.1,10.0.0.1,$public4
	zone last-in.net $public4,127.0.0.1
	zone in-by-4.net $public6,127.0.0.1
	zone in-by-6.net $public4,::1,fe80::1
	zone in-by-both.net 127.0.0.1,10.0.0.1,::1,fc00::1,::ffff:127.0.0.1
	mapfile -t ids < <(\
	    rows "http://"{first-in,last-in,in-by-4,in-by-6}".net$path" \
	    "http://in-by-both.net$path/all")
	run_all "${ids[@]}"
	[ "$(ends "${ids[@]}" | grep -c '1 Success: $')" = 4 ]
	run final "${ids[4]}"
	assert_output \
	    "http://in-by-both.net$path/all 6 Failure: target address not allowed"
	[ "$(reached "$path")" = "$public6 $public4" ]
	[ -z "$(reached "$path/all")" ]
	# one that is allowed, and does not answer: to be tried again
	subscription=$(subscribe "http://first-in.net:81$path")
	outcome 5 "$(ingest "$subscription" '{}')" 'Failed Attempt'
	[[ $(json .error) == connection* ]]
	request DELETE "/subscriptions/$subscription"
}

@test "with REQUIRE_HTTPS there is no http, neither new nor old" {
	local path subscription before
	path=$(own /plain)
	subscription=$(subscribe "http://$public4$path")
	arrives "$subscription"
	setting REQUIRE_HTTPS 1
	reloaded
	before=$(stat -c %s "$NET/connections")
	request POST /subscriptions/ -d '{"target_url": "http://example.com/"}'
	assert_faults 1
	assert_fault url_scheme '["body","target_url"]' \
	    "URL scheme should be 'https'"
	assert_json '.detail[0].ctx.expected_schemes' "\"'https'\""
	subscribe https://example.com/
	outcome 10 "$(ingest "$subscription" '{}')" Failure
	assert_json '[.total_attempts, .error]' '[1,"target URL not allowed"]'
	[ "$(stat -c %s "$NET/connections")" = "$before" ]
	setting REQUIRE_HTTPS 0
	reloaded
	arrives "$subscription"
}

@test "with ALLOW_PORTS no other port is tried, neither new nor old" {
	local path subscription before
	path=$(own /ports)
	subscription=$(subscribe "http://$public4$path")
	arrives "$subscription"
	setting ALLOW_PORTS '443, 8000-8999'
	reloaded
	before=$(stat -c %s "$NET/connections")
	for url in http://example.com/ http://example.com:9000/ \
	    'http://[2606:4700::1]:7999/' https://example.com:80/; do
		request POST /subscriptions/ -d "{\"target_url\": \"$url\"}"
		assert_faults 1
		assert_fault url_not_allowed '["body","target_url"]' \
		    "Target port not allowed: it is not among the operator's (ALLOW_PORTS)"
	done
	for url in https://example.com/ http://example.com:8000/ \
	    'http://[2606:4700::1]:8999/'; do
		subscribe "$url"
	done
	outcome 10 "$(ingest "$subscription" '{}')" Failure
	assert_json '[.total_attempts, .error]' '[1,"target address not allowed"]'
	[ "$(stat -c %s "$NET/connections")" = "$before" ]
	setting ALLOW_PORTS ''
	reloaded
	arrives "$subscription"
}

@test "a range that makes no sense: the worker keeps what it had" {
	setting ALLOW_TARGETS 10.0.0.1/8
	stack signal worker HUP
	eventually 10 grep -q 'ALLOW_TARGETS: neither an address nor a range' \
	    "$STACK_VAR/log/worker.log"
	setting ALLOW_TARGETS ''
	request POST /subscriptions/ -d '{"target_url": "http://10.0.0.1/"}'
	assert_code 422
}

# The kernel counts what our own notes cannot: connections that nobody took.
@test "no connection was tried but those that arrived, all at allowed places" {
	local tried ours
	tried=$(awk '/^Tcp:/ { print $6 }' \
	    "/proc/$(cat "$NET/pid")/net/snmp" | tail -n 1)
	ours=$(wc -l <"$NET/connections")
	echo "$tried tried, $ours arrived"
	[ "$tried" = "$ours" ]
	[ "$ours" -gt 20 ]
	! awk '{ print $2 }' "$NET/connections" |
	    grep -E '^(127|10|0|169\.254|192\.168)\.|^(::|f)'
}
