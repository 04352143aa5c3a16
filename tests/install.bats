# `make install` into a scratch root, and the service started from there.
load helper

setup_file() {
	export TREE=$STACK_VAR/installed
	export LOG=$STACK_VAR/install.log
}

installed() {	# COMMAND…: the stack of what was installed, on its own port
	env -u STACK_CONF_EXTRA STACK_INSTALLED="$TREE/usr" \
	    STACK_VAR="$STACK_VAR-installed" STACK_BUILD=build/release \
	    STACK_WITHOUT=purge PORT=$((PORT + 1)) "$STACK" "$@" 3>&- 4>&-
}

teardown_file() {
	load helper
	installed stop
	rm -rf "$STACK_VAR-installed"
}

@test "make install puts everything in its place" {
	make -s -C "$ROOT" install DESTDIR="$TREE" prefix=/usr \
	    >"$LOG" 2>&1 3>&- 4>&- || fail "$(tail -5 "$LOG")"
	for file in usr/bin/postrider-worker usr/bin/postrider-admin \
	    usr/bin/postrider-purge usr/lib/postrider/cgi-bin/ingest \
	    usr/lib/postrider/cgi-bin/api usr/lib/postrider/cgi-bin/admin; do
		[ -x "$TREE/$file" ] || fail "no $file"
	done
	for file in usr/share/postrider/migrations/0001_initial.sql \
	    usr/share/postrider/lua/take.lua \
	    usr/share/postrider/htdocs/openapi.json \
	    etc/postrider/postrider.conf.sample \
	    etc/apache2/sites-available/postrider.conf \
	    lib/systemd/system/postrider.service etc/cron.d/postrider; do
		[ -s "$TREE/$file" ] || fail "no $file"
	done
}

@test "nothing installed holds a placeholder or a path of the checkout" {
	run grep -rlE '@[A-Z_]+@' "$TREE/etc" "$TREE/lib/systemd"
	assert_output ''
	run grep -rlF "$STACK_VAR" "$TREE/etc" "$TREE/lib/systemd"
	assert_output ''
}

@test "the sample configuration is one that the programs accept" {
	run stack exec env -i PATH="$PATH" \
	    POSTRIDER_CONF="$TREE/etc/postrider/postrider.conf.sample" \
	    "$TREE/usr/bin/postrider-admin" print-config
	assert_success
	assert_output --partial RETRY_SCHEDULE
	sed 's/^#\([A-Z]\)/\1/' "$TREE/etc/postrider/postrider.conf.sample" \
	    >"$TREE/all.conf"
	run stack exec env -i PATH="$PATH" POSTRIDER_CONF="$TREE/all.conf" \
	    "$TREE/usr/bin/postrider-admin" print-config
	assert_success
}

@test "the cron file and the unit name programs that are there" {
	local program
	for program in $(grep -ohE '/usr/bin/postrider[a-z-]*' \
	    "$TREE/etc/cron.d/postrider" \
	    "$TREE/lib/systemd/system/postrider.service" | sort -u); do
		[ -x "$TREE$program" ] || fail "no $program"
	done
	grep -q postrider-purge "$TREE/etc/cron.d/postrider"
	grep -q postrider-worker "$TREE/lib/systemd/system/postrider.service"
	# The key is made at the first start, never by make install.
	grep -qx 'ExecStartPre=+/usr/bin/postrider-admin secret-key create postrider' \
	    "$TREE/lib/systemd/system/postrider.service"
	run find "$TREE" -name 'secret.key*'
	assert_output ''
}

@test "the installed service starts and delivers a webhook" {
	run installed start
	assert_success
	local URL=http://127.0.0.1:$((PORT + 1)) path subscription webhook
	path=$(own /ok)
	subscription=$(subscribe "$path" secret)
	webhook=$(ingest "$subscription" '{"installed": true}')
	outcome 15 "$webhook" Success
	[ "$(arrived_body "$path" 0)" = '{"installed": true}' ]
	request GET /ui/
	assert_code 200
	request GET /docs
	assert_code 200
	request GET /openapi.json
	assert_code 200
	[ "$(readlink "/proc/$(installed pid worker)/exe")" = \
	    "$TREE/usr/bin/postrider-worker" ]
	run installed stop
	assert_success
}
