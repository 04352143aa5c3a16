# What the suites share.  tests/run sets the environment: STACK_VAR, PORT, URL,
# RECEIVER (http://127.0.0.1:…), REFUSED (a URL nobody answers at).

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
STACK=$ROOT/src/stack/stack
RUN=$STACK_VAR/run
UUID='^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
NOBODY=01890000-0000-7000-8000-000000000000

stack() { "$STACK" "$@" 3>&- 4>&-; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 -h "$RUN" -U postrider -d postrider \
    -c "$1"; }
super_sql() { psql -XqAt -v ON_ERROR_STOP=1 -h "$RUN" -U postgres \
    -d postrider -c "$1"; }
redis() { redis-cli -s "$RUN/redis.sock" "$@"; }

# ---- waiting ---------------------------------------------------------------

# eventually SECONDS COMMAND…: until it succeeds; the last try's output if not.
eventually() {
	local deadline=$(($(date +%s%N) + $1 * 1000000000)) said
	shift
	until said=$("$@" 2>&1); do
		if [ "$(date +%s%N)" -ge $deadline ]; then
			fail "not within its time: $*${said:+ ($said)}"
			return 1
		fi
		sleep 0.05
	done
}

# ---- requests --------------------------------------------------------------

# request METHOD PATH [CURL ARGUMENT…]: sets code, body and head (the answer's
# header lines).  Bodies go with --data-binary, JSON unless told otherwise.
request() {
	local method=$1 path=$2 dir=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}
	shift 2
	[[ $* == *'Content-Type:'* ]] ||
		set -- -H 'Content-Type: application/json' "$@"
	code=$(curl -s -m 20 -X "$method" -D "$dir/head" -o "$dir/body" \
	    -w '%{http_code}' -H 'Expect:' "$@" "$URL$path" 3>&- 4>&-) || true
	body=$(tr -d '\000' <"$dir/body" 2>/dev/null) || body=
	head=$(tr -d '\r' <"$dir/head" 2>/dev/null) || head=
	rm -f "$dir/head" "$dir/body"
}

assert_code() {
	[ "$code" = "$1" ] || fail "wanted status $1, got $code: ${body:0:600}"
}

header() { sed -n "s/^$1: *//Ip" <<<"$head" | head -1; }

# json FILTER: of the last body, raw.
json() { jq -r "$1" <<<"$body"; }

# assert_json FILTER VALUE: compact JSON of the filter's result.
assert_json() {
	local got
	got=$(jq -c "$1" <<<"$body" 2>&1) || fail "no JSON: ${body:0:600}"
	[ "$got" = "$2" ] || fail "$1 is $got, not $2, in ${body:0:600}"
}

# assert_fault TYPE LOC MESSAGE: one entry of a 422, loc as compact JSON.
assert_fault() {
	jq -e --arg type "$1" --argjson loc "$2" --arg msg "$3" \
	    '.detail | any(.type == $type and .loc == $loc and .msg == $msg)' \
	    <<<"$body" >/dev/null ||
		fail "no $1 at $2 saying \"$3\" in ${body:0:900}"
}

assert_faults() {	# how many there are
	assert_code 422
	assert_json '.detail | length' "$1"
}

# ---- forms -----------------------------------------------------------------

# browse PATH [CURL ARGUMENT…]: gets a page with this test's cookies; sets what
# request sets.
browse() {
	local jar=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/cookies path=$1
	shift
	request GET "$path" -b "$jar" -c "$jar" "$@"
}

# The token of the page that was got last.
csrf() { sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' <<<"$body" | head -1; }

# send PATH NAME=VALUE…: a form, as a browser sends it; with these fields only.
send() {
	local jar=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/cookies path=$1 fields=()
	shift
	for field; do fields+=(--data-urlencode "$field"); done
	request POST "$path" -b "$jar" -c "$jar" -H "Origin: $URL" \
	    -H 'Content-Type: application/x-www-form-urlencoded' \
	    "${fields[@]}"
}

# submit PATH NAME=VALUE…: opens the page, fills in its form and sends it.
submit() {
	local path=$1
	shift
	browse "$path"
	send "$path" "csrf=$(csrf)" "$@"
}

# node_modules DIRECTORY: what its package-lock.json names of npm.
node_modules() {
	[ "$1/node_modules" -nt "$1/package-lock.json" ] ||
		npm ci --prefix "$1" --ignore-scripts --no-audit \
		    --no-fund --fetch-retries=1 >"$STACK_VAR/npm.log" 2>&1 \
		    3>&- 4>&- || fail "$(tail -3 "$STACK_VAR/npm.log")"
}
browser_modules() { node_modules "$BATS_TEST_DIRNAME/browser"; }

# What tests need of PyPI; then $PYTHON -m MODULE, or $PYTHON FILE.
PYTHON=$ROOT/build/python/bin/python
python_modules() { "$ROOT/src/stack/python" 3>&- 4>&- || fail 'no PyPI'; }

# ---- subscriptions and webhooks --------------------------------------------

# subscribe PATH [SECRET [EVENTS]]: at the receiver, or at a whole URL; its id.
subscribe() {
	local url=$1
	case $url in /*) url=$RECEIVER$url ;; esac
	request POST /subscriptions/ -d "$(jq -nc --arg url "$url" \
	    --arg secret "${2:-}" --argjson events "${3:-null}" \
	    '{target_url: $url, events: $events,
	      secret: (if $secret == "" then null else $secret end)}')"
	assert_code 201 >&2 || return 1
	json .id
}

# subscribe_by_row URL: past the checks of the door, as a row may be that is
# older than they; its id.
subscribe_by_row() {
	local id
	id=$(subscribe /) || return 1
	sql "UPDATE subscriptions SET target_url = '$1' WHERE id = '$id'" >&2
	echo "$id"
}

# many COUNT TARGET…: so many subscriptions, taking turns; their ids.
many() {
	local count=$1 number urls
	shift
	urls=("$@")
	for number in $(seq 0 $((count - 1))); do
		jq -nc --arg url "${urls[$((number % $#))]}" '{target_url: $url}'
	done | jq -rs --arg url "$URL/subscriptions/" 'map("url = \($url)
	    header = \"Content-Type: application/json\"
	    data = \(tojson | tojson)") | join("\nnext\n")' |
	    curl -s -m 60 -K - 3>&- 4>&- | jq -r .id
}

# ingest SUBSCRIPTION BODY [CURL ARGUMENT…]: the webhook's id.
ingest() {
	local id=$1 payload=$2
	shift 2
	request POST "/ingest/$id" --data-binary "$payload" "$@"
	assert_code 202 >&2 || return 1
	json .webhook_id
}

# A path of this test alone: "/ok" gives "/ok/NUMBER-of-test-and-time".
own() { printf '%s/t%s-%s' "$1" "$BATS_TEST_NUMBER" "$(date +%s%N)"; }

ended() {	# OUTCOME WEBHOOK
	request GET "/status/$2"
	[ "$code" = 200 ] && [ "$(json .final_outcome)" = "$1" ] ||
		{ echo "${body:0:900}"; return 1; }
}

# outcome SECONDS WEBHOOK OUTCOME: waits until the status says so; leaves the
# status in body.
outcome() {
	eventually "$1" ended "$3" "$2"
	request GET "/status/$2"
}

settled() {	# SUBSCRIPTION: nothing of it is pending
	local left
	left=$(sql "SELECT count(*) FROM pending WHERE subscription_id = '$1'")
	[ "$left" = 0 ] || { echo "$left are pending"; return 1; }
}

# ---- the receiver ----------------------------------------------------------

control() { curl -s -m 20 "$RECEIVER/_$1" 3>&- 4>&-; }
arrivals() { control "arrivals?path=$1"; }
arrived() {	# PATH COUNT
	local got
	got=$(arrivals "$1" | jq length)
	[ "$got" -ge "$2" ] || { echo "$got arrived"; return 1; }
}
inflight() {	# PREFIX COUNT
	local got
	got=$(control "inflight?path=$1")
	[ "$got" = "$2" ] || { echo "$got in flight"; return 1; }
}
gate() { control "gate?name=$1&open=1" >/dev/null; }

# arrived_body PATH N: the bytes of the N-th arrival (from 0).
arrived_body() { arrivals "$1" | jq -r ".[$2].body" | base64 -d; }

# A port that nobody has, and no connection of a client gets meanwhile.
free_port() {
	local port
	for port in $(shuf -i 30001-32000 -n 50); do
		( exec 3<>"/dev/tcp/127.0.0.1/$port" ) 2>/dev/null ||
			{ echo "$port"; return; }
	done
}

# ---- processes -------------------------------------------------------------

# pids ROLE: of this stack's worker, by the title that ps shows.
pids() {
	ps -o pid=,args= --ppid "$(stack pid worker)" |
	    sed -nE "s/^ *([0-9]+) postrider: $1( .*)?\$/\1/p"
}

# auth MODE: the worker reads its settings again, and all that serve requests
# are new processes then.
auth() {
	local conf=$STACK_VAR/postrider.conf roles='(ingest|api|admin)' before
	before=$(pids "$roles")
	sed -i "s/^AUTH=.*/AUTH=$1/" "$conf"
	stack signal worker HUP
	renewed() {
		[ "$(pids "$roles" | wc -l)" = "$(wc -l <<<"$before")" ] &&
			! grep -qxF "$before" <<<"$(pids "$roles")"
	}
	eventually 30 renewed
	eventually 30 ready
}

ready() {
	request GET /readyz
	[ "$code" = 200 ] && [ "$(json .status)" = ready ] ||
		{ echo "$code $body"; return 1; }
}
