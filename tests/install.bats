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
	    lib/systemd/system/postrider.service \
	    lib/systemd/system/postrider-purge.service \
	    lib/systemd/system/postrider-purge.timer etc/cron.d/postrider; do
		[ -s "$TREE/$file" ] || fail "no $file"
	done
}

@test "nothing installed holds a placeholder or a path of the checkout" {
	run grep -rlE '@[A-Z_]+@' "$TREE/etc" "$TREE/lib/systemd"
	assert_output ''
	run grep -rlF "$STACK_VAR" "$TREE/etc" "$TREE/lib/systemd"
	assert_output ''
}

@test "make install keeps what was edited, replaces the rest, and says so" {
	local site=$TREE/etc/apache2/sites-available/postrider.conf
	local unit=$TREE/lib/systemd/system/postrider.service
	again() {
		run make -s -C "$ROOT" install DESTDIR="$TREE" prefix=/usr 3>&- 4>&-
		assert_success
	}
	cp "$site" "$BATS_TEST_TMPDIR/site"
	echo '# edited' >>"$site"
	# What an older version installed, and nobody touched, is replaced.
	echo '# older' >>"$unit"
	sed -i "s|^[0-9a-f]* /lib/systemd/system/postrider.service\$|$(sha256sum \
	    <"$unit" | cut -d' ' -f1) /lib/systemd/system/postrider.service|" \
	    "$TREE/usr/share/postrider/conffiles"
	again
	assert_output --partial "kept $site"
	assert_output --partial "$site.new"
	refute_output --partial "kept $unit"
	[ "$(tail -1 "$site")" = '# edited' ]
	cmp "$site.new" "$BATS_TEST_TMPDIR/site"
	refute grep -q '# older' "$unit"
	# Back at what is installed, the one beside it goes.
	mv "$site.new" "$site"
	again
	refute_output --partial kept
	[ ! -e "$site.new" ]
}

@test "systemd reads the units, and cron does nothing beside the timer" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	local units=$BATS_TEST_TMPDIR/units
	mkdir "$units"
	cp "$TREE"/lib/systemd/system/postrider* "$units"
	sed -i "s|/usr/bin/postrider|$TREE/usr/bin/postrider|" "$units"/*
	run systemd-analyze verify "$units"/*
	refute_output --partial postrider
	run systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' \
	    "$TREE/lib/systemd/system/postrider-purge.timer")"
	assert_success
	grep -qF '] || /usr/bin/postrider-purge' "$TREE/etc/cron.d/postrider"
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

@test "make uninstall takes all of it away, but settings and what was edited" {
	local tree=$STACK_VAR/uninstalled
	cp -a "$TREE" "$tree"
	rm -f "$tree/all.conf"
	gone() {
		run make -s -C "$ROOT" uninstall DESTDIR="$tree" prefix=/usr \
		    3>&- 4>&-
	}
	touch "$tree"/etc/postrider/{postrider.conf,secret.key}
	echo '# edited' >>"$tree/etc/cron.d/postrider"
	mkdir -p "$tree"/etc/{apache2/sites-enabled,systemd/system/m.target.wants}
	ln -s ../sites-available/postrider.conf \
	    "$tree/etc/apache2/sites-enabled/postrider.conf"
	ln -s /lib/systemd/system/postrider.service \
	    "$tree/etc/systemd/system/m.target.wants/postrider.service"
	# What is still in use is not taken away.
	gone
	assert_failure
	assert_output --partial 'a2dissite postrider'
	[ -x "$tree/usr/bin/postrider-worker" ]
	rm "$tree/etc/apache2/sites-enabled/postrider.conf"
	gone
	assert_failure
	assert_output --partial 'systemctl disable --now postrider.service'
	rm "$tree/etc/systemd/system/m.target.wants/postrider.service"
	gone
	assert_success
	assert_output --partial "kept $tree/etc/cron.d/postrider"
	run sh -c "find \"\$1\" -type f -printf '%P\\n' | sort" sh "$tree"
	assert_output "$(printf '%s\n' etc/cron.d/postrider \
	    etc/postrider/postrider.conf etc/postrider/secret.key)"
	rm -r "$tree"
}
