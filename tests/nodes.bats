# Two nodes on one PostgreSQL and one Redis: the stack of the run, and beside it
# an Apache and a worker with settings and a key file of their own.
load helper

setup_file() {
	load helper
	local kept='([A-Z]+_)?DATABASE_URL|REDIS_URL'
	export SECOND=$STACK_VAR/second
	PORT_OF_SECOND=$(free_port)
	export PORT_OF_SECOND
	rm -rf "$SECOND"
	mkdir "$SECOND"
	cp -p "$STACK_VAR/secret.key" "$SECOND/"
	STACK_WITHOUT='postgresql redis purge' \
	    STACK_CONF_EXTRA="$STACK_CONF_EXTRA
$(grep -E "^($kept)=" "$STACK_VAR/postrider.conf")" \
	    second stack start >"$BATS_FILE_TMPDIR/start" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/start" >&2; return 1; }
}

# What sanitizers found there is looked for in the run's own log directory.
teardown_file() {
	load helper
	local file
	auth open
	sql 'DELETE FROM admin_accounts; DELETE FROM admin_sessions;
	    DELETE FROM login_failures; DELETE FROM tokens'
	second stack stop >/dev/null
	for file in "$SECOND"/log/asan*; do
		[ ! -e "$file" ] || cp "$file" "$STACK_VAR/log/asan.second.${file##*.}"
	done
}

# Both nodes as the run has them.
teardown() {
	kill -CONT ${frozen:-} 2>/dev/null || true
	both runs_again
}

# second COMMAND…: as if the second node were the stack.
second() {
	local -x STACK_VAR=$SECOND PORT=$PORT_OF_SECOND
	local -x URL=http://127.0.0.1:$PORT_OF_SECOND
	"$@"
}
both() { "$@" && second "$@"; }

runs_again() {
	stack part-start apache >/dev/null
	stack part-start worker >/dev/null
	eventually 20 ready
}

delivering() {	# COUNT
	request GET /ui/
	assert_code 200
	body=$(sed -n 's|.*<dt>Delivery processes</dt><dd>\([0-9]*\).*|\1|p' \
	    <<<"$body")
	[ "$body" = "$1" ] || { echo "$body deliver"; return 1; }
}

# press PATH COUNT: to subscriptions of that path at both nodes at once; their
# ids are left in `subscriptions`, those of the webhooks in $ids.
press() {
	local url job jobs=()
	ids=$BATS_TEST_TMPDIR/ids
	subscriptions=($(many 10 "$RECEIVER$1"))
	[ ${#subscriptions[@]} = 10 ]
	for url in "$URL" "http://127.0.0.1:$PORT_OF_SECOND"; do
		python3 "$BATS_TEST_DIRNAME/load.py" "$url" "$2" 8 \
		    "${subscriptions[@]}" >"$ids.${url##*:}" 3>&- 4>&- &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job"; done
	cat "$ids".* >"$ids"
	[ "$(wc -l <"$ids")" = $((2 * $2)) ]
}

none_pending() {
	local left
	left=$(sql "SELECT count(*) FROM pending WHERE subscription_id IN
	    ($(printf "'%s'," "${subscriptions[@]}")NULL)")
	[ "$left" = 0 ] || { echo "$left are pending"; return 1; }
}

# The webhooks of $ids that this node's log has an attempt of.
attempted() {
	sed -nE 's/.* attempted webhook=([^ ]*) .*/\1/p' \
	    "$STACK_VAR/log/worker.log" | grep -xFf "$ids" | sort
}

# came PATH TIMES: each of $ids arrived so often, and nothing else did.
came() {
	arrivals "$1" | jq -r '.[].id' | sort | uniq -c |
	    sed -E 's/^ *//' | cmp - <(sort "$ids" | sed "s/^/$2 /")
}

@test "the overview of each counts the delivery processes of both" {
	subscribe "$(own /ok)"	# without one it leads to the first steps
	both eventually 10 delivering 4
}

@test "what one node changes the other shows and does at once" {
	local path id webhook secret
	path=$(own /ok)
	id=$(subscribe "$path" 'its secret')
	second request GET "/subscriptions/$id"
	assert_code 200
	assert_json .secret '"its secret"'
	second request PATCH "/subscriptions/$id" -d '{"events": ["a"]}'
	assert_code 200
	request GET "/subscriptions/$id"
	assert_json .events '["a"]'
	request PATCH "/subscriptions/$id" -d '{"events": ["b"]}'
	webhook=$(second ingest "$id" '{}' -H 'X-Event-Type: a')
	request GET "/webhooks/$webhook"
	assert_json .state '"filtered"'

	request POST "/subscriptions/$id/pause"
	assert_code 200
	second request GET "/subscriptions/$id"
	assert_json .state '"paused"'
	webhook=$(second ingest "$id" '{}' -H 'X-Event-Type: b')
	sleep 1
	request GET "/status/$webhook"
	assert_code 404
	second request POST "/subscriptions/$id/resume"
	assert_code 200
	outcome 10 "$webhook" Success

	second request POST "/subscriptions/$id/secret/rotate"
	assert_code 200
	secret=$(json .secret)
	[[ $secret == whsec_* ]]
	request GET "/subscriptions/$id"
	[ "$(json .secret)" = "$secret" ]
	webhook=$(ingest "$id" '{}' -H 'X-Event-Type: b')
	outcome 10 "$webhook" Success
	[[ $(arrivals "$path" | jq -r '.[1].headers["webhook-signature"]') == \
	    v1,*' 'v1,* ]]

	second request DELETE "/subscriptions/$id"
	assert_code 204
	request GET "/subscriptions/$id"
	assert_code 404
	request POST "/ingest/$id" -d '{}'
	assert_code 404
}

@test "who signs for one node is verified by the other, with the secret of now" {
	local id signed
	id=$(subscribe "$(own /ok)")
	request PATCH "/subscriptions/$id" -d '{"verify_ingest":
	    "hmac-sha256-hex", "ingest_secret": "first-first-first"}'
	assert_code 200
	signed() {	# SECRET
		printf 'X-Signature: %s' "$(printf '{}' |
		    openssl dgst -sha256 -hmac "$1" -r | cut -d' ' -f1)"
	}
	second request POST "/ingest/$id" -d '{}'
	assert_code 401
	second ingest "$id" '{}' -H "$(signed first-first-first)"
	# what the second has just verified with is no more
	request PATCH "/subscriptions/$id" -d '{"ingest_secret": "second-second-second"}'
	second request POST "/ingest/$id" -d '{}' -H "$(signed first-first-first)"
	assert_code 401
	second ingest "$id" '{}' -H "$(signed second-second-second)"
	second request POST "/ingest/$id" -d '{"other": 1}' \
	    -H "$(signed second-second-second)"
	assert_code 401
}

@test "an idempotency key holds whichever node it comes to, as a webhook-id does" {
	local id first
	id=$(subscribe "$(own /ok)")
	first=$(ingest "$id" '{}' -H 'Idempotency-Key: one')
	[ "$(second ingest "$id" '{}' -H 'Idempotency-Key: one')" = "$first" ]
	second request POST "/ingest/$id" -d '[]' -H 'Idempotency-Key: one'
	assert_code 422
	request PATCH "/subscriptions/$id" -d '{"verify_ingest": "github",
	    "ingest_secret": "sixteen-bytes-and"}'
	set -- -H 'X-GitHub-Delivery: 72d3162e' -H "X-Hub-Signature-256: \
sha256=$(printf '{}' | openssl dgst -sha256 -hmac sixteen-bytes-and -r |
	    cut -d' ' -f1)"
	first=$(ingest "$id" '{}' "$@")
	[ "$(second ingest "$id" '{}' "$@")" = "$first" ]
}

@test "what comes to both is delivered once each, by the workers of both" {
	local path
	path=$(own /slow-ms/100)
	press "$path" 300
	eventually 60 none_pending
	came "$path" 1
	both attempted | sort | cmp - <(sort "$ids")
	echo "$(attempted | wc -l), $(second attempted | wc -l) each" >&2
	[ "$(attempted | wc -l)" -ge 60 ]
	[ "$(second attempted | wc -l)" -ge 60 ]
}

@test "FLUSHALL under both: the passes of two keepers repeat nothing" {
	local path
	path=$(own /slow-ms/1500)
	press "$path" 300
	redis FLUSHALL
	eventually 60 none_pending
	came "$path" 1
	both attempted | sort | cmp - <(sort "$ids")
}

killed_whole() {
	[ -z "$(pids '[a-z]+')" ] && ! stack pid worker && ! stack pid apache
}

# kill -9 of all that runs there, as when its host dies.
kill_whole() {
	kill -9 "$(stack pid worker)" "$(stack pid apache)" $(pids '[a-z]+') \
	    $(pgrep -P "$(stack pid apache)")
	eventually 10 killed_whole
}

# Whose requests are in flight is known as the processes of the other are
# suspended. There are 8, since that is how a window begins; the 2 others are
# nowhere but in the queue.
@test "a node killed whole: what it had in flight is taken over, none is lost" {
	local name path id webhook began
	name=node-$(date +%s%N)
	path=/gate/$name
	id=$(subscribe "$path")
	ids=$BATS_TEST_TMPDIR/ids
	frozen=$(pids delivery)
	kill -STOP $frozen
	request POST "/subscriptions/$id/pause"	# so that they come at once
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 10 2 "$id" >"$ids" 3>&- 4>&-
	request POST "/subscriptions/$id/resume"
	eventually 10 inflight "$path" 8
	second kill_whole
	began=$(date +%s)
	gate "$name"
	kill -CONT $frozen
	eventually 5 delivering 2
	webhook=$(ingest "$(subscribe "$(own /ok)")" '{}')
	outcome 2 "$webhook" Success	# nobody else waits
	eventually 50 settled "$id"
	[ $(($(date +%s) - began)) -ge 14 ]	# LEASE_SECONDS is 15
	attempted | cmp - <(sort "$ids")
	arrivals "$path" | jq -r '.[].id' | sort | uniq -c | sort -n |
	    awk '{ print $1 }' | uniq -c | tr -s ' \n' ' ' |
	    grep -qx ' 2 1 8 2 ' || fail "$(arrivals "$path")"
	[ "$(sql "SELECT count(*) FILTER (WHERE error LIKE 'interrupted: %'),
	        count(*) FILTER (WHERE final AND outcome = 'Success'), count(*)
	    FROM delivery_logs WHERE subscription_id = '$id'")" = '8|10|18' ]
}

@test "one web node stopped: the other answers for all that both took" {
	local path webhook
	path=$(own /fail-n/1)
	webhook=$(second ingest "$(subscribe "$path")" '{}')
	second stack part-stop apache
	request GET "/webhooks/$webhook"
	assert_code 200
	outcome 10 "$webhook" Success
	second stack part-start apache
	stack part-stop apache
	second outcome 5 "$webhook" Success
	second outcome 10 "$(second ingest "$(second subscribe \
	    "$(own /ok)")" '{}')" Success
}

# Every node has a keeper that does all there is to do, so either suffices.
keeps_alone() {	# NODE
	local path id webhook later
	path=$(own /ok)
	id=$(subscribe "$path")
	later=$(subscribe "$(own /fail-n/1)")
	request POST "/subscriptions/$id/pause"
	webhook=$(ingest "$id" '{}')
	later=$(ingest "$later" '{}')
	outcome 5 "$later" 'Failed Attempt'
	redis FLUSHALL
	request POST "/subscriptions/$id/resume"
	outcome 10 "$webhook" Success
	outcome 10 "$later" Success
}

@test "either node's keeper alone finds what only PostgreSQL knows" {
	second stack part-stop worker
	keeps_alone
	second stack part-start worker
	second eventually 20 ready
	stack part-stop worker
	second keeps_alone
}

PASSWORD='correct horse battery'

@test "a login, a form and a token of one node are good at the other" {
	local id token
	stack exec postrider-admin password set <<<"$PASSWORD" >/dev/null
	both auth token
	submit /ui/login name=admin "password=$PASSWORD"
	assert_code 303
	browse /ui/subscriptions/new	# a form of this node, sent to that
	second send /ui/subscriptions/new "csrf=$(csrf)" \
	    "target_url=$RECEIVER/ok" events=
	assert_code 303
	id=$(header Location | grep -oE '[0-9a-f-]{36}')
	browse "/ui/subscriptions/$id"
	assert_code 200
	token=$(second stack exec postrider-admin token create --name nodes \
	    --scope read 2>/dev/null)
	both request GET "/subscriptions/$id" -H "Authorization: Bearer $token"
	assert_code 200
	stack exec postrider-admin token revoke nodes >/dev/null
	second request GET "/subscriptions/$id" \
	    -H "Authorization: Bearer $token"
	assert_code 401
	browse /ui/
	second send /ui/logout "csrf=$(csrf)"
	assert_code 303
	browse /ui/subscriptions/new
	assert_code 303
}
