# Least privilege: what each role of PostgreSQL may do, what the programs are
# built with, what the unit takes from them, and which files are refused.
load helper

as() {	# ROLE SQL
	run psql -XqAt -v ON_ERROR_STOP=1 -h "$RUN" -U "$1" -d postrider -c "$2"
}

# denied ROLE: tries each line of standard input; none may be allowed.
denied() {
	local statement said
	while IFS= read -r statement; do
		printf '\\echo >> %s\n%s;\n' "${statement//\'/}" "$statement"
	done | psql -Xq -h "$RUN" -U "$1" -d postrider 2>&1 |
	    awk '/^>> / { if (asked && !no) print asked
		    asked = $0; no = 0; next }
		/permission denied|must be (owner|superuser)/ { no = 1 }
		END { if (!asked) print "nothing was tried"
		    if (!no) print asked }' >"$BATS_TEST_TMPDIR/allowed"
	said=$(cat "$BATS_TEST_TMPDIR/allowed")
	[ -z "$said" ] || fail "$1 may: $said"
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
	local id
	id=$(subscribe /ok)
	eventually 10 ended Success "$(ingest "$id" '{}')"
	request GET /ui/
	asking() {
		super_sql "SELECT DISTINCT application_name, usename
		    FROM pg_stat_activity WHERE datname = 'postrider'
		      AND backend_type = 'client backend'
		      AND application_name <> 'postrider results'
		      AND pid <> pg_backend_pid() ORDER BY 1" |
		    tr '\n' ' ' | tee "$BATS_TEST_TMPDIR/said"
		[ "$(cat "$BATS_TEST_TMPDIR/said")" = "$1" ]
	}
	eventually 5 asking 'postrider admin|postrider_admin postrider api|postrider_api postrider delivery|postrider_delivery postrider ingest|postrider_ingest postrider keeper|postrider_delivery '
	run super_sql "SELECT rolname
	    FROM pg_roles WHERE rolname ~ '^postrider' AND
	    (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication
	     OR rolbypassrls)"
	assert_output ''
}

@test "the serving roles drop, empty, alter and make nothing" {
	local table hour role
	hour=$(sql "SELECT max(inhrelid::regclass::text) FROM pg_inherits
	    WHERE inhparent = 'webhooks'::regclass")
	for table in $(sql "SELECT relname FROM pg_class WHERE relkind IN ('r',
	    'p') AND NOT relispartition
	    AND relnamespace = 'public'::regnamespace") "$hour"; do
		printf '%s\n' "DROP TABLE $table" "TRUNCATE $table" \
		    "ALTER TABLE $table ADD x int"
	done >"$BATS_TEST_TMPDIR/statements"
	cat >>"$BATS_TEST_TMPDIR/statements" <<-'EOF'
		CREATE TABLE x (y int)
		CREATE SCHEMA x
		SELECT make_partition('webhooks', now())
		SET ROLE postrider_purge
		SET ROLE postrider
		COPY subscriptions TO PROGRAM 'true'
		SELECT pg_read_file('/etc/passwd')
	EOF
	for role in serve ingest api admin delivery; do
		denied postrider_$role <"$BATS_TEST_TMPDIR/statements"
	done
}

@test "the serving roles rewrite no history, and set no password" {
	local role
	cat >"$BATS_TEST_TMPDIR/statements" <<-'EOF'
		DELETE FROM webhooks
		DELETE FROM delivery_logs
		UPDATE webhooks SET payload = ''
		UPDATE delivery_logs SET outcome = 'Success'
		DELETE FROM subscriptions
		DELETE FROM tokens
		UPDATE admin_accounts SET password_hash = ''
		INSERT INTO admin_accounts VALUES ('admin', '')
		UPDATE csrf_key SET key = ''
		SELECT * FROM migrations
		SELECT * FROM partition_notes
	EOF
	for role in serve ingest api admin delivery; do
		denied postrider_$role <"$BATS_TEST_TMPDIR/statements"
	done
}

@test "ingest, the API and the delivery touch no session, and make no token" {
	local role
	cat >"$BATS_TEST_TMPDIR/statements" <<-'EOF'
		SELECT * FROM admin_sessions
		INSERT INTO admin_sessions (id_hash) VALUES ('x')
		UPDATE admin_sessions SET used_at = now()
		DELETE FROM admin_sessions
		SELECT * FROM admin_accounts
		SELECT * FROM admin_devices
		INSERT INTO admin_devices (id_hash) VALUES ('x')
		DELETE FROM login_failures
		SELECT * FROM csrf_key
		INSERT INTO tokens VALUES (uuid_new(), 'x', '', '{write}')
		UPDATE tokens SET revoked_at = NULL
		UPDATE tokens SET scopes = '{write}'
		UPDATE tokens SET hash = sha256('x'), last_used_at = now()
		SELECT name FROM tokens
		DELETE FROM tokens
	EOF
	for role in ingest api delivery; do
		denied postrider_$role <"$BATS_TEST_TMPDIR/statements"
	done
}

@test "ingest adds webhooks, and neither reads nor changes anything else" {
	denied postrider_ingest <<-'EOF'
		SELECT payload FROM webhooks
		UPDATE subscriptions SET target_url = 'http://elsewhere/'
		INSERT INTO subscriptions (id) VALUES (uuid_new())
		UPDATE pending SET due_at = now()
		DELETE FROM pending
		SELECT * FROM delivery_logs
		INSERT INTO delivery_logs (id) VALUES (uuid_new())
		SELECT * FROM dead_letters
		INSERT INTO interventions (webhook_id) VALUES (uuid_new())
		UPDATE stats SET successes = 0
	EOF
}

# The README's lines for pg_hba.conf and pg_ident.conf, with the user of the
# system that this stack has.
@test "one user of the system has all these roles by peer, and another none" {
	local dir=$STACK_VAR/postgresql user role
	user=$(stat -c %U "$dir")
	cp -p "$dir/pg_hba.conf" "$dir/pg_ident.conf" "$BATS_TEST_TMPDIR/"
	sed -n '/^# pg_ident.conf/,/^```/p' "$ROOT/README.md" | grep -v '^[#`]' |
	    sed -E "s/^(postrider +)postrider/\1$user/" >"$dir/pg_ident.conf"
	{ echo 'local postrider postgres trust'
	    grep -h '^local  *postrider ' "$ROOT/README.md"; } \
	    >"$dir/pg_hba.conf"
	super_sql 'SELECT pg_reload_conf()'
	for role in postrider postrider_{serve,purge,ingest,api,admin,delivery}
	do
		eventually 5 by_peer "$user" $role
	done
	[ "$EUID" = 0 ] || return 0
	run psql -Xq -h "$RUN" -U postrider_ingest -d postrider -c 'SELECT 1'
	assert_failure
	assert_output --partial 'Peer authentication failed'
}

by_peer() {	# USER ROLE
	local psql="psql -XqAt -h $RUN -U $2 -d postrider"
	if [ "$EUID" = 0 ]; then
		psql="setpriv --reuid $1 --clear-groups $psql"
	fi
	[ "$($psql -c 'SELECT current_user')" = "$2" ]
}

@test "the purge's role reads no secret, no token and no password" {
	denied postrider_purge <<-'EOF'
		SELECT secrets FROM subscriptions
		UPDATE subscriptions SET target_url = ''
		SELECT * FROM tokens
		SELECT * FROM admin_accounts
		SELECT id_hash FROM admin_sessions
		SELECT * FROM csrf_key
		DROP TABLE subscriptions
		TRUNCATE pending
		SET ROLE postrider
	EOF
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

# rename_roles FROM TO: what is connected stays so.
rename_roles() {
	super_sql "DO \$\$ DECLARE role text; BEGIN
	    FOREACH role IN ARRAY '{serve,purge,ingest,api,admin,delivery}'::text[]
	    LOOP EXECUTE format('ALTER ROLE %I RENAME TO %I', '$1_' || role,
		'$2_' || role); END LOOP; END \$\$" 2>/dev/null
}

teardown() {
	rename_roles hidden postrider || true
	[ ! -e "$BATS_TEST_TMPDIR/pg_hba.conf" ] || {
		cp -p "$BATS_TEST_TMPDIR"/pg_{hba,ident}.conf \
		    "$STACK_VAR/postgresql/"
		super_sql 'SELECT pg_reload_conf()'
	}
}

@test "without the roles migrate works; once they are there it grants" {
	local url="postgresql://alone@/alone?host=$RUN"
	migrate_alone() {
		run stack exec env MIGRATE_DATABASE_URL="$url" \
		    postrider-admin migrate
	}
	owners() {
		run psql -XqAt -h "$RUN" -U postgres -d alone -c "SELECT
		    DISTINCT tableowner FROM pg_tables WHERE tablename ~
		    '^(webhooks|delivery_logs)'"
	}
	super_sql 'DROP DATABASE IF EXISTS alone'
	super_sql 'DROP ROLE IF EXISTS alone'
	super_sql 'CREATE ROLE alone LOGIN'
	super_sql 'CREATE DATABASE alone OWNER alone'
	rename_roles postrider hidden
	migrate_alone
	rename_roles hidden postrider
	assert_success
	owners
	assert_output alone
	# An owner who may not hand tables to the purge's role is told so.
	migrate_alone
	assert_failure 111
	assert_output --partial 'no member of postrider_purge'
	super_sql 'GRANT postrider_purge TO alone'
	migrate_alone
	assert_success
	owners
	assert_output postrider_purge
	url="postgresql://postrider_purge@/alone?host=$RUN"
	run stack exec env PURGE_DATABASE_URL="$url" postrider-purge
	assert_success
	super_sql 'DROP DATABASE alone'
	super_sql 'DROP ROLE alone'
}

@test "a settings file with a password is refused while others may read it" {
	local line
	for line in "DATABASE_URL=postgresql://u:p@/postrider?host=$RUN" \
	    "DATABASE_URL=postgresql:///postrider?user=u&password=p" \
	    "PURGE_DATABASE_URL=dbname=postrider password = p" \
	    "REDIS_URL=redis://:p@localhost:6379" \
	    "REDIS_URL=redis://u@v:p@localhost:6379" \
	    "REDIS_URL=unix://:p@/redis"; do
		settings 0644 "$line"
		[ "$status" -eq 100 ] || fail "$status: $line: $output"
		assert_output --partial "${line%%=*} holds a password: chmod 0640"
	done
	# Closed, or without one, it is read.
	settings 0600 \
	    "DATABASE_URL=postgresql://postrider_purge:p@/postrider?host=$RUN"
	assert_success
	settings 0644 \
	    "DATABASE_URL=postgresql://postrider_purge@/postrider?host=$RUN"
	assert_success
}

# A place of root's own, since the checkout may be anybody's.
root_place() {
	[ "$(id -u)" = 0 ] || skip 'this is about root'
	PLACE=/run/postrider-trust-$$
	rm -rf "$PLACE"
	mkdir -m 755 "$PLACE"
	printf 'LOG_LEVEL=debug\n' >"$PLACE/postrider.conf"
	chmod 640 "$PLACE/postrider.conf"
	chgrp nogroup "$PLACE/postrider.conf"
}

by_root() {	# SETTINGS COMMAND…: of postrider-admin
	local conf=$1
	shift
	run env POSTRIDER_CONF="$conf" SHARE_DIR="$ROOT/src" \
	    "$ROOT/$STACK_BUILD/bin/postrider-admin" "$@"
}

@test "root reads no settings that anybody else may write to" {
	root_place
	local conf=$PLACE/postrider.conf change undo
	by_root "$conf" check-config
	assert_success
	mkdir -m 755 "$PLACE/theirs" "$PLACE/mine"
	cp "$conf" "$PLACE/mine"
	ln -s ../mine "$PLACE/theirs/link"
	ln -s theirs/link/postrider.conf "$PLACE/by-link.conf"
	by_root "$PLACE/by-link.conf" check-config
	assert_success
	chown nobody "$PLACE/theirs"
	by_root "$PLACE/by-link.conf" check-config
	assert_failure 100
	assert_output --partial "does not trust the directory $PLACE/theirs"
	while IFS='|' read -r change undo; do
		$change
		by_root "$conf" check-config
		assert_failure 100
		assert_output --partial 'root does not trust the'
		( cd "$PLACE" && by_root postrider.conf secret-key create )
		$undo
	done <<-EOF
	chown nobody $conf|chown root $conf
	chmod 0660 $conf|chmod 0640 $conf
	chmod 0642 $conf|chmod 0640 $conf
	chown nobody $PLACE|chown root $PLACE
	chmod 1777 $PLACE|chmod 755 $PLACE
	EOF
	chgrp nogroup "$PLACE"
	chmod 775 "$PLACE"
	by_root "$conf" check-config
	assert_failure 100
	chmod 755 "$PLACE"
	by_root "$conf" check-config
	assert_success
	rm -r "$PLACE"
}

@test "root makes no key file where somebody else decides what stands there" {
	root_place
	local conf=$PLACE/postrider.conf theirs=$PLACE/theirs
	mkdir -p "$theirs/deep"
	ln -s deep "$theirs/link"
	chown -h nobody "$theirs/link"
	chown nobody "$theirs"
	for file in "$theirs/x" "$theirs/deep/x" "$theirs/link/x" \
	    "$theirs/../theirs/x"; do
		echo "SECRET_KEY_FILE=$file" >"$conf"
		by_root "$conf" secret-key create nobody
		assert_failure 100
		assert_output --partial "does not trust the directory"
		run find "$PLACE" -name 'x*'
		assert_output ''
	done
	echo "SECRET_KEY_FILE=$PLACE/x" >"$conf"
	by_root "$conf" secret-key create nobody
	assert_success
	[ "$(stat -c '%a %U' "$PLACE/x")" = '400 nobody' ]
	# One that the directory's owner may exchange is not rotated either.
	chown nobody "$PLACE"
	run env -u POSTRIDER_CONF SECRET_KEY_FILE="$PLACE/x" \
	    "$ROOT/$STACK_BUILD/bin/postrider-admin" secret-key rotate
	assert_failure 100
	assert_output --partial "does not trust the directory $PLACE"
	rm -r "$PLACE"
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
}

@test "the unit leaves the service little" {
	local unit line
	make -s -C "$ROOT" host >/dev/null 3>&- 4>&-
	for unit in "$ROOT"/build/host/postrider{,-purge}.service; do
	for line in User=postrider LimitCORE=0 CapabilityBoundingSet= \
	    {NoNewPrivileges,ProtectHome,ProtectClock,ProtectHostname}=yes \
	    ProtectKernel{Logs,Modules,Tunables}=yes ProtectSystem=strict \
	    {ProtectControlGroups,PrivateDevices,PrivateTmp,RemoveIPC}=yes \
	    Restrict{Namespaces,Realtime,SUIDSGID}=yes LockPersonality=yes \
	    MemoryDenyWriteExecute=yes ProtectProc=invisible \
	    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK' \
	    SystemCallArchitectures=native \
	    SystemCallFilter={@system-service,~@privileged}; do
		grep -qxF "$line" "$unit" || fail "no $line in $unit"
	done
	done
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	# 0 is nothing exposed, 100 all; what is left is the network.
	for unit in "$ROOT"/build/host/postrider{,-purge}.service; do
		run systemd-analyze security --offline=true --threshold=20 \
		    "$unit"
		assert_success
	done
}

@test "each test that the README's threat table names is there" {
	local suite name
	sed -n '/^## Threats/,/^## Licence/p' "$ROOT/README.md" |
	    grep '^| [a-z].*`' | sed 's/.*| \(`.*\) |$/\1/' |
	    grep -oE '`[a-z_]+`|"[^"]+"' >"$BATS_TEST_TMPDIR/named"
	[ "$(grep -c '^"' "$BATS_TEST_TMPDIR/named")" -gt 20 ]
	while IFS= read -r name; do
		case $name in
		'`'*) suite=$ROOT/tests/${name//'`'/}.bats
			[ -s "$suite" ] || fail "no $suite" ;;
		*) grep -qF "@test $name {" "$suite" ||
			fail "no test $name in $suite" ;;
		esac
	done <"$BATS_TEST_TMPDIR/named"
}
