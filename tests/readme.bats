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
	local script=$BATS_TEST_TMPDIR/readme.sh receiver
	block 1 | grep -q src/stack/receiver
	(cd "$ROOT" && exec src/stack/receiver "$PORT_AT") \
	    >"$BATS_TEST_TMPDIR/seen" 2>&1 3>&- 4>&- &
	receiver=$!
	listens() { ( exec 5<>"/dev/tcp/127.0.0.1/$PORT_AT" ) 2>/dev/null; }
	eventually 10 listens
	{ block 2; block 3; } >"$script"
	run bash -eu "$script" 3>&- 4>&-
	kill $receiver 2>/dev/null || true
	assert_success
	assert_output --regexp '"final_outcome": ?"Success"'
	assert_output --regexp '"events": ?null'
	[[ $output == *204 ]]
	run cat "$BATS_TEST_TMPDIR/seen"
	assert_output --partial '{"order": 42}'
	assert_output --regexp '[Ww]ebhook-[Ss]ignature: v1,'
	assert_output --regexp 'X-Event-Type: order.paid'
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
