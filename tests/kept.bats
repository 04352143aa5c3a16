load helper
load stock_apache

# Kept connections: an answer is recorded for the request that it belongs to,
# and a connection that has died costs no attempt.

setup_file() {
	local dir=$BATS_FILE_TMPDIR tries=100
	cp "$STACK_VAR/leaf.pem" "$dir"
	mkfifo "$dir/words"
	python3 "$BATS_TEST_DIRNAME/kept.py" "$dir" <>"$dir/words" 3>&- 4>&- &
	echo $! >"$dir/kept.pid"
	until [ -s "$dir/kept.port" ]; do
		[ $((tries--)) -gt 0 ] && sleep 0.1 || return 1
	done
	read -r plain tls tls12 <"$dir/kept.port"
	export PLAIN=http://127.0.0.1:$plain
	export TLS=https://localhost:$tls TLS12=https://127.0.0.1:$tls12
}

teardown_file() { kill "$(cat "$BATS_FILE_TMPDIR/kept.pid")"; }

# What the receiver read: "PATH CONNECTION NTH ID", of a path that ends so.
read_there() { grep -F -- "$1 " "$BATS_FILE_TMPDIR/kept.log" || true; }

# say WORD: to the receiver, which then does it.
say() {
	local before after
	before=$(grep -c "^$1 " "$BATS_FILE_TMPDIR/kept.log") || true
	echo "$1" >"$BATS_FILE_TMPDIR/words"
	said() {
		after=$(grep -c "^$1 " "$BATS_FILE_TMPDIR/kept.log")
		[ "$after" -gt "$2" ]
	}
	eventually 5 said "$1" "${before:-0}"
}

# rows SUBSCRIPTION: "ATTEMPT OUTCOME STATUS ERROR" of its attempts, in order.
rows() {
	sql "SELECT attempt_number || ' ' || outcome || ' ' ||
	    coalesce(status_code, 0) || ' ' || coalesce(error, '-')
	    FROM delivery_logs WHERE subscription_id = '$1'
	    ORDER BY webhook_id, attempt_number"
}

first_rows() { rows "$1" | grep '^1 '; }

logged() {	# SUBSCRIPTION COUNT: webhooks with an attempt
	local got
	got=$(sql "SELECT count(DISTINCT webhook_id) FROM delivery_logs
	    WHERE subscription_id = '$1'")
	[ "$got" -ge "$2" ] || { echo "$got of $2"; return 1; }
}

# in_turn SUBSCRIPTION COUNT [PAUSE]: webhooks one after the other, each when
# the one before has been attempted.
in_turn() {
	local number
	for number in $(seq "$2"); do
		ingest "$1" "{\"n\": $number}" >/dev/null
		eventually 5 logged "$1" "$number"
		sleep "${3:-0}"
	done
}

@test "a second answer to one request is nobody's answer" {
	local base path first second bad=0
	for base in "$PLAIN" "$TLS" "$TLS12"; do
		for path in /twice-ms/0 /twice-ms/2 /twice-ms/20 /short/2; do
			path=$path/$(date +%s%N)
			first=$(subscribe "$base$path")
			second=$(subscribe "$base$path")
			in_turn "$first" 1
			in_turn "$second" 1
			in_turn "$first" 2
			# the first was accepted, and nothing after it
			[ "$(first_rows "$first"; first_rows "$second")" = \
			    "1 Success 200 -
1 Failed Attempt 500 HTTP 500
1 Failed Attempt 500 HTTP 500
1 Failed Attempt 500 HTTP 500" ] || bad=1
			[ $bad = 0 ] || fail "$base$path $(rows "$first"
			    rows "$second")"
			request DELETE "/subscriptions/$first"
			request DELETE "/subscriptions/$second"
		done
	done
}

@test "what trails an answer spoils no other: late chunks, empty lines, 408" {
	local base path id
	for base in "$PLAIN" "$TLS"; do
		for path in /crlf-ms/0 /crlf-ms/2 /crlf-ms/20 /chunk-ms/0 \
		    /chunk-ms/2 /chunk-ms/20 /idle-408-ms/100 \
		    /idle-close-ms/100; do
			path=$path/$(date +%s%N)
			id=$(subscribe "$base$path")
			in_turn "$id" 4 0.05
			[ "$(rows "$id" | sort -u)" = '1 Success 204 -' ] ||
			[ "$(rows "$id" | sort -u)" = '1 Success 200 -' ] ||
				fail "$base$path $(rows "$id")"
			[ "$(read_there "$path" | wc -l)" = 4 ]
			request DELETE "/subscriptions/$id"
		done
	done
}

@test "under load too: no refused webhook of another subscription is Success" {
	local base path ids
	for base in "$PLAIN" "$TLS"; do
		path=/twice-ms/3/$(date +%s%N)
		mapfile -t ids < <(many 8 "$base$path")
		python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 160 8 "${ids[@]}" \
		    >/dev/null
		all_logged() {
			[ "$(sql "SELECT count(DISTINCT webhook_id)
			    FROM delivery_logs WHERE target_url LIKE '%$1'")" = 160 ]
		}
		eventually 20 all_logged "$path"
		[ "$(sql "SELECT count(*) FROM delivery_logs WHERE
		    outcome = 'Success' AND target_url LIKE '%$path'")" = 1 ]
		curl -s -m 60 -X DELETE "${ids[@]/#/$URL/subscriptions/}" \
		    3>&- 4>&-
	done
}

@test "a kept connection that dies costs no attempt, and the log says so" {
	local base path id resent
	for base in "$PLAIN" "$TLS" "$TLS12"; do
		for path in /late-reset /late-close /late-408; do
			path=$path/$(date +%s%N)
			id=$(subscribe "$base$path")
			in_turn "$id" 4 0.05
			# lost were: each connection's second request
			resent=$(rows "$id" | grep -cx '1 Success 200 sent twice: a kept connection gave no response')
			[ "$(rows "$id" | grep -cx '1 Success 200 -')" = \
			    $((4 - resent)) ]
			[ "$(read_there "$path?" | wc -l)" = "$resent" ]
			[ "$resent" -ge 1 ] || fail "$base$path $(rows "$id")"
			[ "$(read_there "$path" | wc -l)" = 4 ]
			request DELETE "/subscriptions/$id"
		done
	done
}

# Of a large request the kernel holds what the receiver does not read.
@test "a large request is sent once, however its receiver goes about it" {
	local large=$BATS_TEST_TMPDIR/large url path id
	printf '"%0900000d"' 0 >"$large"
	has_read() { [ "$(read_there "$1" | wc -l)" = "$2" ]; }
	for url in "$PLAIN/early-ms/100" "$TLS/early-ms/100" \
	    "$PLAIN/body-ms/1400"; do
		path=/$(date +%s%N)
		id=$(subscribe "$url$path")
		in_turn "$id" 1 0.05
		ingest "$id" "@$large" >/dev/null
		eventually 5 logged "$id" 2
		sleep 0.05
		ingest "$id" "@$large" >/dev/null
		eventually 5 logged "$id" 3
		[ "$(rows "$id" | sort -u)" = '1 Success 200 -' ] ||
			fail "$url $(rows "$id")"
		eventually 5 has_read "$path" 3
		# of two delivery processes: some were used again
		[ "$(read_there "$path" | awk '$3 > 1' | wc -l)" -ge 1 ]
		request DELETE "/subscriptions/$id"
	done
}

@test "a fresh connection that is reset is a Failed Attempt, sent once" {
	local base path id
	for base in "$PLAIN" "$TLS"; do
		path=/first-reset/$(date +%s%N)
		id=$(subscribe "$base$path")
		ingest "$id" '{}'
		eventually 5 logged "$id" 1
		[ "$(rows "$id" | head -n 1)" = \
		    '1 Failed Attempt 0 connection reset' ] || fail "$(rows "$id")"
		request DELETE "/subscriptions/$id"
		eventually 5 settled "$id"
		[ "$(read_there "$path?" | wc -l)" = \
		    "$(rows "$id" | grep -c 'connection reset')" ]
	done
}

@test "subscriptions share no connection; one of them uses its own again" {
	local base path ids
	for base in "$PLAIN" "$TLS"; do
		path=/ok/$(date +%s%N)
		mapfile -t ids < <(many 2 "$base$path")
		in_turn "${ids[0]}" 6 0.05
		in_turn "${ids[1]}" 6 0.05
		# CONNECTION, subscription: no connection has two
		read_there "$path" | awk '{ print $4, $2 }' | sort \
		    >"$BATS_TEST_TMPDIR/used"
		sql "SELECT webhook_id, subscription_id FROM delivery_logs
		    WHERE target_url LIKE '%$path' ORDER BY 1" | tr '|' ' ' |
		    join - "$BATS_TEST_TMPDIR/used" | awk '{ print $3, $2 }' |
		    sort -u >"$BATS_TEST_TMPDIR/pairs"
		[ "$(cut -d' ' -f1 "$BATS_TEST_TMPDIR/pairs" | uniq -d)" = '' ]
		# two delivery processes, each of which keeps one
		[ "$(wc -l <"$BATS_TEST_TMPDIR/pairs")" -le 4 ]
	done
}

# seventy_two BASE PATH: so many kept connections, of nine subscriptions.
seventy_two() {
	mapfile -t ids < <(many 9 "$1$2")
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 72 9 "${ids[@]}" >/dev/null
	delivered() {
		local got
		got=$(sql "SELECT count(*) FROM delivery_logs WHERE
		    outcome = 'Success' AND target_url LIKE '%$1'")
		[ "$got" -ge "$2" ] || { echo "$got of $2"; return 1; }
	}
	eventually 10 delivered "$2" 72
}

@test "kept connections that a firewall forgot: new ones, within the attempt" {
	local path=/slow-ms/300/$(date +%s%N) ids slowest
	seventy_two "$TLS" "$path"
	say cut
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 60 9 "${ids[@]}" >/dev/null
	eventually 5 delivered "$path" 132
	[ "$(sql "SELECT max(attempt_number) FROM delivery_logs
	    WHERE target_url LIKE '%$path'")" = 1 ]
	[ "$(sql "SELECT count(*) > 0 FROM delivery_logs WHERE error LIKE
	    'sent twice%' AND target_url LIKE '%$path'")" = t ]
	slowest=$(sql "SELECT max(duration_ms) FROM delivery_logs
	    WHERE target_url LIKE '%$path'")
	[ "$slowest" -lt 2000 ] || fail "$slowest ms"
}

@test "kept connections that fall silent: one time-out, no smaller window" {
	local path=/slow-ms/300/$(date +%s%N) ids before told
	seventy_two "$PLAIN" "$path"
	windows() {
		local id
		for id in "${ids[@]}"; do
			redis HGET "$(redis --scan --pattern "*$id*health*" |
			    head -n 1)" window
		done
	}
	before=$(windows)
	say mute
	python3 "$BATS_TEST_DIRNAME/load.py" "$URL" 60 9 "${ids[@]}" >/dev/null
	eventually 8 delivered "$path" 132
	told=$(sql "SELECT attempt_number, error, count(*) FROM delivery_logs
	    WHERE error IS NOT NULL AND target_url LIKE '%$path' GROUP BY 1, 2")
	[[ $told =~ ^'1|timed out after 2.0 s: no response after the request|'[0-9]+$ ]] ||
		fail "$told"
	paste <(echo "$before") <(windows) | awk '$2 < $1 { exit 1 }' ||
		fail "$before, then $(windows)"
}

@test "a header over the limits: 2xx is Success with a note, 503 is HTTP 503" {
	local kib id
	for kib in 40 99 150; do
		id=$(subscribe "$PLAIN/header-kib/$kib")
		ingest "$id" '{}'
		eventually 5 logged "$id" 1
		[ "$(rows "$id")" = \
		    '1 Success 200 response header too long, cut' ] ||
			fail "$kib $(rows "$id")"
		id=$(subscribe "$PLAIN/refused-kib/$kib")
		ingest "$id" '{}'
		eventually 5 logged "$id" 1
		[ "$(rows "$id" | head -n 1)" = '1 Failed Attempt 503 HTTP 503' ]
		request DELETE "/subscriptions/$id"
	done
}

@test "a stock Apache with TLS closes idle connections: no attempt fails" {
	idle_closes 1 24 2 1.01 1.02 1.03 1.04 1.05 1.06 1.07 1.08
}
