# Least privilege: what each role of PostgreSQL may do, what the programs are
# built with, what the unit takes from them, and which files are refused.
load helper

as() {	# ROLE SQL
	run psql -XqAt -v ON_ERROR_STOP=1 -h "$RUN" -U "$1" -d postrider -c "$2"
}

denied() {	# ROLE SQL
	as "$1" "$2"
	[ "$status" -ne 0 ] && [[ $output =~ (permission denied|must be owner) ]] ||
		fail "$1 may: $2 ($output)"
}

# A settings file, as the stack's user has it, with this mode and these lines.
settings() {	# MODE LINE…
	local file=$STACK_VAR/privileges.conf mode=$1
	shift
	printf '%s\n' "$@" >"$file"
	chown --reference="$STACK_VAR/postrider.conf" "$file"
	chmod "$mode" "$file"
	run stack exec env POSTRIDER_CONF="$file" postrider-purge --dry-run
	rm "$file"
}

@test "each program asks PostgreSQL as the role that is meant for it" {
	run sql "SELECT DISTINCT usename FROM pg_stat_activity
	    WHERE datname = 'postrider' AND backend_type = 'client backend'
	      AND pid <> pg_backend_pid()"
	assert_output postrider_serve
	run psql -XqAt -h "$RUN" -U postgres -d postrider -c "SELECT rolname
	    FROM pg_roles WHERE rolname ~ '^postrider' AND
	    (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication
	     OR rolbypassrls)"
	assert_output ''
}

@test "the serving role drops, empties, alters and makes nothing" {
	local table hour
	hour=$(sql "SELECT max(inhrelid::regclass::text) FROM pg_inherits
	    WHERE inhparent = 'webhooks'::regclass")
	for table in $(sql "SELECT relname FROM pg_class WHERE relkind IN ('r',
	    'p') AND NOT relispartition
	    AND relnamespace = 'public'::regnamespace") "$hour"; do
		denied postrider_serve "DROP TABLE $table"
		denied postrider_serve "TRUNCATE $table"
		denied postrider_serve "ALTER TABLE $table ADD x int"
	done
	denied postrider_serve "CREATE TABLE x (y int)"
	denied postrider_serve "CREATE SCHEMA x"
	denied postrider_serve "SELECT make_partition('webhooks', now())"
	denied postrider_serve "SET ROLE postrider_purge"
	denied postrider_serve "SET ROLE postrider"
	denied postrider_serve "COPY subscriptions TO PROGRAM 'true'"
	denied postrider_serve "SELECT pg_read_file('/etc/passwd')"
}

@test "the serving role rewrites no history, and sets no password" {
	local table
	for table in webhooks delivery_logs; do
		denied postrider_serve "DELETE FROM $table"
	done
	denied postrider_serve "UPDATE webhooks SET payload = ''"
	denied postrider_serve "UPDATE delivery_logs SET outcome = 'Success'"
	denied postrider_serve "DELETE FROM subscriptions"
	denied postrider_serve "DELETE FROM tokens"
	denied postrider_serve "UPDATE admin_accounts SET password_hash = ''"
	denied postrider_serve "INSERT INTO admin_accounts VALUES ('admin', '')"
	denied postrider_serve "UPDATE csrf_key SET key = ''"
	denied postrider_serve "SELECT * FROM migrations"
	denied postrider_serve "SELECT * FROM partition_notes"
}

@test "the purge's role reads no secret, no token and no password" {
	denied postrider_purge "SELECT secrets FROM subscriptions"
	denied postrider_purge "UPDATE subscriptions SET target_url = ''"
	denied postrider_purge "SELECT * FROM tokens"
	denied postrider_purge "SELECT * FROM admin_accounts"
	denied postrider_purge "SELECT id_hash FROM admin_sessions"
	denied postrider_purge "SELECT * FROM csrf_key"
	denied postrider_purge "DROP TABLE subscriptions"
	denied postrider_purge "TRUNCATE pending"
	denied postrider_purge "SET ROLE postrider"
}

@test "the serving role makes the hours that are missing, whose they may be" {
	local last
	last=$(sql "SELECT max(inhrelid::regclass::text) FROM pg_inherits
	    WHERE inhparent = 'webhooks'::regclass")
	sql "DROP TABLE $last"
	as postrider_serve 'SELECT ensure_partitions()'
	assert_success
	run sql "SELECT tableowner FROM pg_tables WHERE tablename = '$last'"
	assert_output postrider_purge
	# Nothing in the caller's path is run as the owner.
	run sql "SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace =
	    'public'::regnamespace AND NOT coalesce(
	    'search_path=public, pg_temp' = ANY (proconfig), false)"
	assert_output 0
}

@test "without the roles migrate works; once they are there it grants" {
	local url="postgresql://alone@/alone?host=$RUN"
	admin() { psql -XqAt -v ON_ERROR_STOP=1 -h "$RUN" -U postgres "$@"; }
	admin -c 'DROP DATABASE IF EXISTS alone' -c 'DROP ROLE IF EXISTS alone' \
	    -c 'CREATE ROLE alone LOGIN' -c 'CREATE DATABASE alone OWNER alone'
	# An owner who may not hand tables to the purge's role is told so.
	run stack exec env MIGRATE_DATABASE_URL="$url" postrider-admin migrate
	assert_failure 111
	assert_output --partial 'no member of postrider_purge'
	admin -c 'GRANT postrider_purge TO alone'
	run stack exec env MIGRATE_DATABASE_URL="$url" postrider-admin migrate
	assert_success
	run admin -d alone -c "SELECT has_table_privilege('postrider_serve',
	    'webhooks', 'INSERT'), tableowner FROM pg_tables
	    WHERE tablename = 'webhooks'"
	assert_output 't|postrider_purge'
	admin -c 'DROP DATABASE alone' -c 'DROP ROLE alone'
}

@test "a settings file with a password is refused while others may read it" {
	local line
	for line in "DATABASE_URL=postgresql://u:p@/postrider?host=$RUN" \
	    "DATABASE_URL=postgresql:///postrider?user=u&password=p" \
	    "PURGE_DATABASE_URL=dbname=postrider password = p" \
	    "REDIS_URL=redis://:p@localhost:6379"; do
		settings 0644 "$line"
		[ "$status" -eq 100 ] || fail "$status: $line: $output"
		assert_output --partial "${line%%=*} holds a password: chmod 0640"
	done
	# Closed, or without one, it is read.
	settings 0640 \
	    "DATABASE_URL=postgresql://postrider_purge:p@/postrider?host=$RUN"
	assert_success
	settings 0644 \
	    "DATABASE_URL=postgresql://postrider_purge@/postrider?host=$RUN"
	assert_success
}

@test "the programs are built to be hard to take over" {
	local program
	make -s -C "$ROOT" build >/dev/null 3>&- 4>&-
	for program in "$ROOT"/build/release/bin/* \
	    "$ROOT"/build/release/cgi-bin/*; do
		readelf -hldW "$program" >"$BATS_TEST_TMPDIR/elf"
		for mark in 'Type: +DYN' 'FLAGS_1.*NOW.*PIE' GNU_RELRO \
		    'GNU_STACK .* RW '; do
			grep -qE "$mark" "$BATS_TEST_TMPDIR/elf" ||
				fail "$program: no $mark"
		done
		readelf -sW --dyn-syms "$program" >"$BATS_TEST_TMPDIR/elf"
		for mark in __stack_chk_fail __vsnprintf_chk; do
			grep -qF "$mark" "$BATS_TEST_TMPDIR/elf" ||
				fail "$program: no $mark"
		done
	done
	grep -q -- '-fstack-clash-protection' "$ROOT/build/release/flags"
	[ "$(uname -m)" != x86_64 ] ||
		readelf -nW "$ROOT/build/release/obj/src/ground/text.o" |
		grep -q 'IBT, SHSTK'
}

@test "the unit leaves the service little" {
	local unit=$BATS_TEST_TMPDIR/postrider.service line
	sed -e 's|@USER@|postrider|; s|@BIN@|/usr/bin|; s|@CONF@|/etc/x.conf|' \
	    "$ROOT/worker/postrider.service.in" >"$unit"
	for line in CapabilityBoundingSet= NoNewPrivileges=yes \
	    ProtectSystem=strict PrivateTmp=yes MemoryDenyWriteExecute=yes \
	    SystemCallFilter=@system-service LimitCORE=0; do
		grep -qxF "$line" "$unit" || fail "no $line"
	done
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	# 0 is nothing exposed, 100 all; what is left is the network.
	run systemd-analyze security --offline=true --threshold=20 "$unit"
	assert_success
}
