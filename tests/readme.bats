# What the README says, done as it says it.
load helper

# block N: the N-th shell block of the README, for this stack.
block() {
	awk -v want="$1" '/^```sh$/ { n++; next } /^```$/ { in_ = 0 }
	    { if (seen != n) { seen = n; in_ = 1 } }
	    in_ && n == want' "$ROOT/README.md" |
		sed -e "s|http://127.0.0.1:8000|$URL|g" -e "s|9190|$PORT_AT|g"
}

setup_file() {
	load helper
	PORT_AT=$(free_port)
	export PORT_AT
}

@test "the README's first delivery and API lines work when pasted" {
	local script=$BATS_TEST_TMPDIR/readme.sh
	block 1 | grep -q src/stack/receiver
	{ block 1; block 2; block 3; } >"$script"
	(cd "$ROOT" && exec bash -eu "$script") >"$BATS_TEST_TMPDIR/seen" \
	    3>&- 4>&-
	run cat "$BATS_TEST_TMPDIR/seen"
	assert_output --regexp '"final_outcome": ?"Success"'
	assert_output --regexp '"events": ?null'
	[[ $output == *204 ]]
	assert_output --partial '{"order": 42}'
	assert_output --regexp '[Ww]ebhook-[Ss]ignature: v1,'
	assert_output --regexp 'X-Event-Type: order.paid'
}

# A newcomer would wait for the first retry.
@test "the line that make run offers delivers at once, also where python is slow" {
	local line slow=$BATS_TEST_TMPDIR/slow python delay webhook
	line=$(grep 'src/stack/receiver' "$STACK_VAR/start.out")
	python=$(command -v python3)
	mkdir "$slow"
	for delay in 0 1; do
		printf '#!/bin/sh\nsleep %s\nexec %s "$@"\n' $delay "$python" \
		    >"$slow/python3"
		chmod 755 "$slow/python3"
		run env PATH="$slow:$PATH" bash -c "$line" 3>&- 4>&-
		assert_success
		assert_output --partial '{"hello":"world"}'
		assert_output --partial 'X-Event-Type: greeting'
		webhook=$(grep -oE '"webhook_id":"[^"]*' <<<"$output" | cut -d'"' -f4)
		outcome 5 "$webhook" Success
		assert_json .total_attempts 1
	done
}

@test "a receiver whose port is taken says so" {
	run "$ROOT/src/stack/receiver" "${URL##*:}"
	assert_failure
	assert_output --partial "cannot listen on port ${URL##*:}"
}

@test "the README's table of settings is the programs' own" {
	run diff <(grep -E '^\| `[A-Z_]+` \|' "$ROOT/README.md") \
	    <(stack exec postrider-admin print-config-table |
	    grep -E '^\| `[A-Z_]+` \|')
	assert_success
}

@test "settings that do not fit on the disk are no success" {
	run stack exec sh -c 'postrider-admin print-config >/dev/full'
	assert_failure 111
	assert_output --partial 'No space left on device'
}

# tests/long/real_host.bats runs them; this is what can be seen without a host.
@test "the commands for a real host are whole, and name what is there" {
	local script=$BATS_TEST_TMPDIR/host.sh name
	awk '/^## / { on = /^## On a real host$/ }
	    on && /^```sh$/ { code = 1; next } /^```$/ { code = 0 }
	    on && code' "$ROOT/README.md" >"$script"
	run bash -n "$script"
	assert_success
	assert_output ''
	# apache2-bin has no a2enmod.
	grep -qE '^apt-get install .*\<apache2\> .*\<postgresql\> .*\<redis-server\>' \
	    "$script"
	grep -q "^build='" "$ROOT/src/stack/packages"
	grep -q '^src/stack/packages build' "$script"
	make -s -C "$ROOT" host >/dev/null 3>&- 4>&-
	for name in $(sed -n 's/^systemctl enable --now //p' "$script"); do
		[ -s "$ROOT/build/host/$name.service" ] || fail "no $name"
	done
	# The stock site would get what comes without a name.
	grep -q '^a2dissite 000-default && a2ensite postrider$' "$script"
	# Of these modules the site has directives; Debian enables the others.
	for name in $(sed -n 's/^a2enmod //p' "$script"); do
		grep -q "^LoadModule ${name}_module" \
		    "$ROOT/apache-conf/private.conf.in" || fail "no $name"
	done
	# Where the settings say that Redis is, Debian's listens.
	stack exec postrider-admin print-config |
		grep -qx '#REDIS_URL=redis://127.0.0.1:6379'
	grep -q '^install -m 640 -g postrider ' "$script"
}
