# AUTH=token: what each API token may do, and for how long.
load helper

token() { stack exec postrider-admin token "$@"; }

# make NAME SCOPES [OPTION…]: a new token.
make() {
	token create --name "$1" --scope "$2" "${@:3}" 2>/dev/null
}

# as TOKEN METHOD PATH [CURL ARGUMENT…]; no token when it is empty.
as() {
	request "${@:2}" ${1:+-H "Authorization: Bearer $1"}
}

setup_file() {
	load helper
	auth token
	sql 'DELETE FROM tokens'
	READ=$(make reader read) WRITE=$(make writer write)
	INGEST=$(make producer ingest) ALL=$(make all read,write,ingest)
	export READ WRITE INGEST ALL
	SOME=$(subscribe_as_writer) OTHER=$(subscribe_as_writer)
	export SOME OTHER
}

teardown_file() {
	load helper
	sql 'DELETE FROM tokens'
	auth open
}

subscribe_as_writer() {
	as "$WRITE" POST /subscriptions/ \
	    -d "{\"target_url\": \"$RECEIVER/ok\", \"secret\": \"its secret\"}"
	assert_code 201 >&2 || return 1
	json .id
}

# The routes that openapi.json describes: METHOD PATH SCOPE, - for none.
routes() {
	jq -r --arg id "$NOBODY" '.paths | to_entries[] | .key as $path |
	    .value | to_entries[] | select(.key != "parameters") |
	    "\(.key | ascii_upcase) \($path | gsub("{[a-z_]*}"; $id))" +
	    " \(.value["x-scope"] // "-")"' \
	    "$ROOT/htdocs/openapi.json"
}

# The rows of the router's table and the one path of the ingest program, in the
# same form.
rows() {
	tr -s '\n\t' '  ' <"$ROOT/cgi-bin/api.c" |
	    grep -oE '"[A-Z]+", "/[^"]*", [a-z_]+, ACCESS_[A-Z]+' |
	    sed -E 's/"([A-Z]+)", "(.*)", .*ACCESS_(.*)/\1 \2 \L\3/
		s/ anyone$/ -/' | sed "s/{id}/$NOBODY/"
	sed -nE 's|^#define PREFIX "(/.*/)"|POST \1'$NOBODY' ingest|p' \
	    "$ROOT/cgi-bin/ingest_check.c"
}

@test "openapi.json and the router have the same routes, with the same scopes" {
	run diff <(rows | sort) <(routes | sed 's|/ | |' | sort)
	assert_success
	[ "$(rows | wc -l)" -ge 17 ]
}

@test "each route takes the scopes that openapi.json says, and no other" {
	local method path scope name had want count=0
	while read -r method path scope; do
		for name in NONE READ WRITE INGEST ALL; do
			as "${!name:-}" "$method" "$path"
			case $scope:$name in
			-:*|*:ALL|read:READ|read:WRITE|write:WRITE|\
			    ingest:INGEST) want=allowed ;;
			*:NONE) want=401 ;;
			*) want=403 ;;
			esac
			had=$code
			case $code in 401|403|5*) ;; *) had=allowed ;; esac
			[ "$had" = $want ] ||
				fail "$method $path with $name: $code"
			[ $want != 401 ] ||
				[ "$(header WWW-Authenticate)" = Bearer ]
			[ $want != 403 ] || {
				[[ $(json .detail) == *"lacks the scope $scope" ]]
				[[ $(header WWW-Authenticate) == \
				    *'"insufficient_scope"'*"\"$scope\"" ]]
			}
			count=$((count + 1))
		done
	done < <(routes)
	[ $count -ge 80 ]
	[ "$(routes | grep -c ' -$')" = 2 ]
}

@test "the documents and a browser's preflight need no token" {
	local path
	for path in /docs /docs/ /openapi.json /healthz /readyz; do
		request GET $path
		assert_code 200
	done
	request OPTIONS /subscriptions/ -H 'Origin: http://localhost:5173' \
	    -H 'Access-Control-Request-Method: POST' \
	    -H 'Access-Control-Request-Headers: authorization'
	assert_code 200
	[ "$(header Access-Control-Allow-Headers)" = authorization ]
	request OPTIONS "/ingest/$SOME"
	assert_code 204
	# a page that may call is told why it was refused
	request GET /subscriptions/ -H 'Origin: http://localhost:5173'
	assert_code 401
	[ "$(header Access-Control-Allow-Origin)" = http://localhost:5173 ]
}

@test "what is no token in force is 401, also the hash that is kept" {
	local value hash other
	hash=$(printf %s "$ALL" | sha256sum | cut -d' ' -f1)
	[ "$(sql "SELECT count(*) FROM tokens
	    WHERE hash = '\\x$hash'")" = 1 ]
	other=$(printf %s "$hash" | xxd -r -p | base64 | tr '+/' '-_' | tr -d =)
	for value in '' Bearer 'Bearer ' 'Bearer pr_' "Bearer ${ALL%?}" \
	    "Bearer ${ALL}A" "Bearer ${ALL#pr_}" "Bearer ${ALL^^}" \
	    "Bearer $ALL, Bearer $ALL" "Basic $ALL" "$ALL" "Bearer: $ALL" \
	    "Bearer $hash" "Bearer pr_$hash" "Bearer pr_$other" \
	    "Bearer pr_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' |
	    tr -d =)" "Bearer pr_${ALL:3:42}%41"; do
		request GET /subscriptions/ -H "Authorization: $value"
		[ "$code" = 401 ] || fail "$value: $code"
		[[ $(header WWW-Authenticate) == Bearer* ]]
		request POST "/ingest/$SOME" -d '{}' -H "Authorization: $value"
		[ "$code" = 401 ] || fail "$value: $code"
	done
	request GET "/subscriptions/?access_token=$(make in-query read)"
	assert_code 401
	request GET /subscriptions/ -H "X-Api-Key: $ALL" -b "token=$ALL"
	assert_code 401
	# neither is the scheme's case a fault, nor a second blank
	request GET /subscriptions/ -H "Authorization: bEARER  $ALL"
	assert_code 200
	request POST "/ingest/$SOME" -d '{}' -H "Authorization: bearer $ALL"
	assert_code 202
}

early() { python3 "$BATS_TEST_DIRNAME/early.py" "$@"; }

@test "who may not ask is told so before the body comes" {
	local pool path want
	while read -r pool path want; do
		run early refused "$RUN/$pool.sock" "$path"
		[ "$output" = "$want" ] || fail "$pool $path: $output"
	done <<-E
	ingest /ingest/$SOME 401
	ingest /ingest/no/such 404
	api /subscriptions 401
	api /no/such 404
	admin /ui/subscriptions/new 403
	admin /ui/login 413
	E
	run early reused "$RUN/ingest.sock" "/ingest/$SOME" "$INGEST"
	assert_output well
}

large() {	# TOKEN
	as "$1" POST "/ingest/$SOME" --data-binary @"$BATS_TEST_TMPDIR/large"
	[ "$code" = 202 ] || { echo "$code"; return 1; }
}

rss() {	# the largest ingest process, MiB
	local pid most=0 kib
	for pid in $(pids ingest); do
		kib=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
		[ "$kib" -lt "$most" ] || most=$kib
	done
	echo $((most / 1024))
}

@test "large bodies without a token are not gathered; of others the slowest go" {
	local before answers
	{ printf '"'; head -c 1000000 /dev/zero | tr '\0' x; printf '"'; } \
	    >"$BATS_TEST_TMPDIR/large"
	before=$(rss)
	coproc { early evicted "$RUN/ingest.sock" "/ingest/$SOME" '' 200; }
	read -r answers <&"${COPROC[0]}"
	for _ in 1 2 3 4 5; do large "$INGEST"; done
	[ $(($(rss) - before)) -lt 40 ] || fail "from $before to $(rss) MiB"
	exec {COPROC[1]}>&-
	read -r answers <&"${COPROC[0]}"
	wait "$COPROC_PID" || true
	[ "$answers" = 401:200 ] || fail "$answers"
	# with a token they are, up to a limit for both processes
	coproc { early evicted "$RUN/ingest.sock" "/ingest/$SOME" "$INGEST" 250; }
	read -r answers <&"${COPROC[0]}"
	for _ in 1 2 3 4 5; do large "$ALL"; done
	exec {COPROC[1]}>&-
	read -r answers <&"${COPROC[0]}"
	wait "$COPROC_PID" || true
	[[ $answers =~ ^503:[0-9]+\ held:[0-9]+$ ]] || fail "$answers"
}

# They may be of a producer who signs, which only the whole body tells.
@test "whoever shows no token goes before the slowest who shows one" {
	local this other answers
	read -r this other < <(pids ingest | xargs)
	kill -STOP "$other"
	answers=$(early beside "$RUN/ingest.sock" "/ingest/$SOME" "$INGEST") ||
		true
	kill -CONT "$other"
	[ "$answers" = "202 503 held" ] || fail "$answers"
}

@test "two lines of Authorization are 401, whatever is in them" {
	local other first second before
	other=pr_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d =)
	before=$(sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id = '$SOME'")
	while read -r first second; do
		set -- -H "Authorization: Bearer $first" \
		    -H "Authorization: Bearer $second"
		request GET /subscriptions/ "$@"
		assert_code 401
		request POST "/ingest/$SOME" -d '{}' "$@"
		assert_code 401
	done <<-E
	$ALL $ALL
	$ALL $other
	$other $ALL
	$READ $WRITE
	E
	[ "$(sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id = '$SOME'")" = "$before" ]
}

@test "a token does not open the admin pages" {
	local path
	for path in /ui/ /ui/tokens "/ui/subscriptions/$SOME"; do
		as "$ALL" GET $path
		[[ $code == 30[23] ]] || [ "$code" = 403 ] || fail "$path: $code"
		[[ $body != *"$SOME"* ]]
	done
}

@test "only the scope write sees secrets, whoever filled the cache" {
	local path filter
	filter="[.. | objects | select(.id? == \"$SOME\") |
	    .secret, .has_secret]"
	for path in "/subscriptions/$SOME" '/subscriptions/?limit=1000'; do
		for _ in 1 2; do
			as "$READ" GET "$path"
			assert_code 200
			[[ $body != *'its secret'* ]]
			assert_json "$filter" '[null,true]'
			as "$WRITE" GET "$path"
			assert_json "$filter" '["its secret",true]'
		done
	done
	as "$READ" PATCH "/subscriptions/$SOME" -d '{"events": ["a"]}'
	assert_code 403
	as "$WRITE" PATCH "/subscriptions/$SOME" -d '{"events": null}'
	assert_json .secret '"its secret"'
}

@test "a bound token ingests for its one subscription" {
	local bound
	bound=$(make bound ingest --subscription "$SOME")
	as "$bound" POST "/ingest/$SOME" -d '{}'
	assert_code 202
	as "$bound" POST "/ingest/$OTHER" -d '{}'
	assert_code 403
	assert_json .detail '"The API token is for another subscription"'
	as "$bound" POST "/ingest/$OTHER" -d '{'
	assert_code 403
	as "$bound" POST /ingest/no -d '{}'
	assert_code 422
	as "$bound" GET "/subscriptions/$SOME"
	assert_code 403
	[ "$(sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id = '$OTHER'")" = 0 ]
}

expired() {	# TOKEN METHOD PATH
	as "$@" -d '{}'
	[ "$code" = 401 ] || { echo "$code"; return 1; }
}

@test "an expired token is refused, also where it is remembered" {
	local short until
	short=$(make short read,ingest --expires 4s)
	until=$(sql "SELECT extract(epoch FROM expires_at) FROM tokens
	    WHERE name = 'short'")
	as "$short" GET /subscriptions/
	assert_code 200
	for _ in 1 2 3 4; do
		as "$short" POST "/ingest/$SOME" -d '{}'
		assert_code 202
	done
	sleep "$(awk "BEGIN { t = $until - $(date +%s.%N) + 0.1
	    print (t > 0 ? t : 0) }")"
	for _ in 1 2 3 4; do
		expired "$short" POST "/ingest/$SOME"
	done
	expired "$short" GET /subscriptions/
	run token list
	assert_output --regexp ' short  scope=read,ingest  expired '
}

@test "a revoked token is refused at once, at ingest after five seconds" {
	local gone began
	gone=$(make gone write,ingest)
	for _ in 1 2 3 4; do
		as "$gone" POST "/ingest/$SOME" -d '{}'
		assert_code 202
	done
	as "$gone" GET /subscriptions/
	assert_code 200
	token revoke gone
	began=$(date +%s%N)
	for _ in 1 2 3 4; do
		expired "$gone" GET /subscriptions/
	done
	while [ $(($(date +%s%N) - began)) -lt 5000000000 ]; do sleep 0.1; done
	for _ in 1 2 3 4; do
		expired "$gone" POST "/ingest/$SOME"
	done
	run token revoke gone
	[ "$status" = 100 ]
	run token list
	assert_output --regexp ' gone  scope=write,ingest  revoked '
	# its name is free again
	make gone read
}

scans() {
	sql "SELECT idx_scan FROM pg_stat_user_indexes
	    WHERE indexrelname = 'tokens_hash_key'"
}

# PostgreSQL learns what a connection did when that is used after a second.
# asked TOKEN: how many queries 300 requests with it cost.
asked() {
	local before
	before=$(scans)
	curl -s -o /dev/null -X POST -d '{}' -H "Authorization: Bearer $1" \
	    "$URL/ingest/$SOME?n=[1-300]" 3>&- 4>&-
	sleep 1.2
	for _ in 1 2 3 4 5 6; do
		as "$ALL" POST "/ingest/$SOME" -d '{}'
	done
	echo $(($(scans) - before))
}

@test "ingest asks PostgreSQL about a token once in a while" {
	local count
	count=$(asked "$INGEST")
	[ "$count" -le 40 ] || fail "$count queries for one in force"
	count=$(asked "pr_$(printf '%043d' 0)")
	[ "$count" -le 40 ] || fail "$count queries for one unknown"
}

used() {	# NAME: in the list
	token list | grep -E " $1  .* used=20"
}

@test "the last use is noted, once a minute" {
	local mine theirs line
	mine=$(make seen-api read) theirs=$(make seen-ingest ingest)
	run used seen-
	assert_failure
	as "$mine" POST /subscriptions/ -d '{}'
	as "$theirs" GET /subscriptions/
	run used seen-	# it was of no use
	assert_failure
	as "$mine" GET /subscriptions/
	as "$theirs" POST "/ingest/$SOME" -d '{}'
	eventually 10 used seen-api
	eventually 10 used seen-ingest
	line=$(used seen-ingest)
	sleep 1
	for _ in 1 2 3 4; do
		as "$theirs" POST "/ingest/$SOME" -d '{}'
	done
	sleep 0.5
	[ "$(used seen-ingest)" = "$line" ]
}

@test "without Redis tokens are checked; without PostgreSQL nobody is let in" {
	local new method path
	new=$(make late read,write,ingest)
	stack part-stop redis
	as "$new" GET /subscriptions/
	assert_code 200
	stack part-start redis
	stack part-stop postgresql
	while read -r method path; do
		as "$(make_up)" "$method" "$path" -d '{}'
		[ "$code" = 503 ] || fail "unknown, $method $path: $code"
		[ -n "$(header Retry-After)" ]
		as "$new" "$method" "$path" -d '{}'
		[ "$code" = 503 ] || fail "known, $method $path: $code"
		as '' "$method" "$path" -d '{}'
		[ "$code" = 401 ] || fail "none, $method $path: $code"
	done <<-E
	GET /subscriptions/$SOME
	POST /ingest/$SOME
	GET /metrics
	E
	stack part-start postgresql
	eventually 20 ready
	eventually 20 works "$new"
}

make_up() { printf 'pr_%s' "$(head -c 32 /dev/urandom | base64 |
    tr '+/' '-_' | tr -d =)"; }

works() {	# TOKEN
	as "$1" POST "/ingest/$SOME" -d '{}' && [ "$code" = 202 ] &&
		as "$1" GET "/subscriptions/$SOME" && [ "$code" = 200 ]
}

@test "neither the database nor a log holds a token" {
	local name
	stack exec pg_dump -h "$RUN" -U postrider postrider \
	    >"$BATS_TEST_TMPDIR/dump"
	grep -q "$(printf %s "$ALL" | sha256sum | cut -d' ' -f1)" \
	    "$BATS_TEST_TMPDIR/dump"
	for name in READ WRITE INGEST ALL; do
		run grep -rlF -e "${!name#pr_}" "$BATS_TEST_TMPDIR/dump" \
		    "$STACK_VAR/log" "$STACK_VAR/redis" "$STACK_VAR/postgresql"
		assert_output ''
	done
}

@test "the command line says what is wrong" {
	local words want
	while IFS='|' read -r words want; do
		# shellcheck disable=SC2086
		run token $words
		[ "$status" = 100 ] || fail "$words: $status"
		assert_output --partial "$want"
	done <<-E
	|usage:
	make|usage:
	create|usage:
	create --name a|usage:
	create --scope read|usage:
	create --name a --scope read more|usage:
	create --name $NOBODY --scope read|--name must be
	create --name a --scope admin|--scope must be
	create --name a --scope read --expires 1y|--expires must be
	create --name a --scope ingest --subscription x|--subscription must be
	create --name a --scope read --subscription $SOME|can only be used with --scope ingest
	create --name a --scope ingest --subscription $NOBODY|no subscription
	create --name all --scope read|is in force
	list all|usage:
	revoke|usage:
	revoke nobody|no such token
	revoke $NOBODY|no such token
	E
	run token create --name x --scope write
	assert_output --regexp '^pr_[A-Za-z0-9_-]{43}$|not shown again'
	run token revoke "$(sql "SELECT id FROM tokens WHERE name = 'x'")"
	assert_success
}

# ---- who signs needs no token ----------------------------------------------

signed_by() {	# SCHEME SECRET BODY: curl's arguments, a line each
	python3 - "$@" <<-'E'
	import base64, hashlib, hmac, sys, time
	scheme, secret, body = sys.argv[1], *(a.encode() for a in sys.argv[2:])
	at = str(int(time.time()))
	def mac(message):
	    return hmac.new(secret, message, hashlib.sha256)
	id = f"msg_{time.time_ns()}"
	fields = {
	    "standard-webhooks": {"webhook-id": id, "webhook-timestamp": at,
	        "webhook-signature": "v1," + base64.b64encode(mac(
	            f"{id}.{at}.".encode() + body).digest()).decode()},
	    "hmac-sha256-hex": {"X-Signature": mac(body).hexdigest()},
	    "github": {"X-Hub-Signature-256": "sha256=" + mac(body).hexdigest()},
	    "stripe": {"Stripe-Signature": f"t={at},v1=" +
	               mac(f"{at}.".encode() + body).hexdigest()},
	    "shopify": {"X-Shopify-Hmac-Sha256":
	                base64.b64encode(mac(body).digest()).decode()}}[scheme]
	for name, value in fields.items():
	    print("-H", f"{name}: {value}", sep="\n")
	E
}

# signs SCHEME SECRET ID BODY [CURL ARGUMENT…]: a signed request, no token.
signs() {
	local fields
	mapfile -t fields < <(signed_by "$1" "$2" "$4")
	request POST "/ingest/$3" --data-binary "$4" "${fields[@]}" "${@:5}"
}

verifying() {	# SCHEME: sets subscription
	as "$WRITE" POST /subscriptions/ -d "{\"target_url\": \"$RECEIVER/ok\",
	    \"ingest_secret\": \"sixteen-bytes-and\", \"verify_ingest\": \"$1\"}"
	assert_code 201
	subscription=$(json .id)
}

SCHEMES='standard-webhooks hmac-sha256-hex github stripe shopify'

@test "what is signed well needs no token, and nothing else does without" {
	local subscription scheme
	for scheme in $SCHEMES; do
		verifying $scheme
		signs $scheme sixteen-bytes-and "$subscription" '{"a": 1}'
		[ "$code" = 202 ] || fail "$scheme: $code $body"
		signs $scheme sixteen-bytes-or-more "$subscription" '{"a": 1}'
		[ "$code" = 401 ] || fail "$scheme, another secret: $code"
		signs $scheme sixteen-bytes-and "$SOME" '{"a": 1}'
		[ "$code" = 401 ] || fail "$scheme, to another: $code"
		signs $scheme sixteen-bytes-and "$subscription" '{"a": 1}' \
		    -H 'Authorization: Bearer pr_none'
		[ "$code" = 401 ] || fail "$scheme, with a bad token: $code"
		signs $scheme sixteen-bytes-and "$subscription" '{"a": 2}' \
		    -H "Authorization: Bearer $INGEST"
		[ "$code" = 202 ] || fail "$scheme, with a good token: $code"
		as "$INGEST" POST "/ingest/$subscription" -d '{}'
		[ "$code" = 401 ] || fail "$scheme, a token alone: $code"
		request POST "/ingest/$subscription" -d '{}'
		[ "$code" = 401 ] || fail "$scheme, nothing: $code"
		[ "$(sql "SELECT count(*) FROM webhooks
		    WHERE subscription_id = '$subscription'")" = 2 ]
	done
	[ "$(sql "SELECT count(*) FROM webhooks WHERE subscription_id = '$SOME'
	    AND payload = '{\"a\": 1}'")" = 0 ]
}

# What a client sees of an answer, but for what differs each time.
seen() {
	echo "$code $body"
	grep -viE '^(date|x-request-id):' <<<"$head"
}

@test "without a token all answers are the same, but to who signed" {
	local subscription want large id scheme
	verifying github
	large=$(printf '"%01100000d"' 0)
	request POST "/ingest/$SOME" -d '{}'
	assert_code 401
	want=$(seen)
	alike() { [ "$(seen)" = "$want" ] || fail "$1: $(seen)"; }
	for id in "$subscription" "$SOME" "$NOBODY" nothing 1; do
		for scheme in github stripe; do
			signs $scheme of-another-sixteen "$id" '{}'
			alike "$id, signed otherwise"
			signs $scheme of-another-sixteen "$id" '{'
			alike "$id, no JSON"
			signs $scheme of-another-sixteen "$id" ''
			alike "$id, no body"
			signs $scheme of-another-sixteen "$id" '{}' \
			    -H "X-Event-Type: $(printf 'e%.0s' {1..300})"
			alike "$id, a long event type"
			signs $scheme of-another-sixteen "$id" '{}' \
			    -H 'Postrider-Hops: 6'
			alike "$id, a loop"
		done
		request POST "/ingest/$id" -H 'X-Hub-Signature-256: sha256=00' \
		    --data-binary @- <<<"$large"
		alike "$id, too large"
		request POST "/ingest/$id" -d '{}'
		alike "$id, unsigned"
	done
	# who signed is told
	signs github sixteen-bytes-and "$subscription" '{'
	assert_code 400
	signs github sixteen-bytes-and "$subscription" '{}' \
	    -H "X-Event-Type: $(printf 'e%.0s' {1..300})"
	assert_faults 1
	signs github sixteen-bytes-and "$subscription" '{}' \
	    -H 'Postrider-Hops: 6'
	assert_code 508
	[ "$(sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id = '$subscription'")" = 0 ]
}

@test "once a subscription verifies no more, a signature is worth nothing" {
	local subscription change
	for change in '{"verify_ingest": null}' \
	    '{"ingest_secret": "of-sixteen-or-more"}' DELETE; do
		verifying github
		for _ in 1 2 3 4; do	# both processes remember the rule
			signs github sixteen-bytes-and "$subscription" '{}'
			assert_code 202
		done
		if [ "$change" = DELETE ]; then
			as "$WRITE" DELETE "/subscriptions/$subscription"
			assert_code 204
		else
			as "$WRITE" PATCH "/subscriptions/$subscription" \
			    -d "$change"
			assert_code 200
		fi
		for _ in 1 2 3 4; do
			signs github sixteen-bytes-and "$subscription" '{}'
			assert_code 401
			[[ $(json .detail) == 'Send an API token'* ]]
		done
	done
}
