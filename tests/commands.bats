# The programs by hand: --version, --help, what is no option, and where the
# settings come from.
load helper

PROGRAMS='bin/postrider-worker bin/postrider-admin bin/postrider-purge
    cgi-bin/ingest cgi-bin/api cgi-bin/admin'

@test "--version and --help are for standard output, and all is well" {
	local program
	for program in $PROGRAMS; do
		run --separate-stderr "$ROOT/$STACK_BUILD/$program" --version
		assert_success
		assert_output "${program##*/} $(sed -n 's/^VERSION.*= *//p' \
		    "$ROOT/Makefile")"
		[ -z "$stderr" ]
		run --separate-stderr "$ROOT/$STACK_BUILD/$program" --help
		assert_success
		[[ $output == "usage: ${program##*/}"* ]]
		[ -z "$stderr" ]
	done
	for program in migrate check-config 'token create' token secret-key \
	    password 'password set' print-config; do
		run --separate-stderr "$ROOT/$STACK_BUILD/bin/postrider-admin" \
		    $program --help
		assert_success
		[[ $output == "usage: postrider-admin ${program%% *}"* ]]
		[ -z "$stderr" ]
	done
}

@test "what is no option is refused on standard error" {
	local program word
	for program in $PROGRAMS 'bin/postrider-admin migrate' \
	    'bin/postrider-admin check-config' 'bin/postrider-admin token' \
	    'bin/postrider-admin secret-key' 'bin/postrider-admin password'; do
		for word in --frobnicate -h frobnicate; do
			run --separate-stderr "$ROOT/$STACK_BUILD/"$program $word
			assert_failure 100
			[ -z "$output" ]
			[[ $stderr == 'usage: '* ]]
		done
	done
}

# RFC 3875, 4.4: a web server may pass words of the query as arguments.
@test "a CGI request's query gives a program no options" {
	run env POSTRIDER_CONF= GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET \
	    REQUEST_URI='/healthz?--version' AUTH=open REMOTE_ADDR=127.0.0.1 \
	    HTTP_HOST=127.0.0.1 LOG_LEVEL=error SHARE_DIR="$ROOT/src" \
	    "$ROOT/$STACK_BUILD/cgi-bin/api" --version
	assert_success
	[[ $output == *'{"status":"ok"}'* ]]
	refute_output --partial "api 0"
}

@test "check-config: the settings are judged, and nothing else is touched" {
	local line conf=$STACK_VAR/checked.conf
	checked() {
		grep ^SHARE_DIR= "$STACK_VAR/postrider.conf" >"$conf"
		printf '%s\n' "$@" >>"$conf"
		chmod a+r "$conf"
		run stack exec env -i PATH="$ROOT/$STACK_BUILD/bin:$PATH" \
		    POSTRIDER_CONF="$conf" postrider-admin check-config
	}
	checked DATABASE_URL=dbname=postrider REDIS_URL=redis://127.0.0.1:1
	assert_success
	assert_output "the settings are fine ($conf)"
	for line in NO_SUCH=1 HTTP_TIMEOUT=x ALLOW_TARGETS=10.0.0.1/8 \
	    REDIS_URL=localhost LEASE_SECONDS=15$'\n'HTTP_TIMEOUT=30 \
	    CA_FILE=/nowhere SHARE_DIR=/nowhere \
	    'DATABASE_URL=host=a=b c' 'PURGE_DATABASE_URL=postgresql://%zz@/x' \
	    MIGRATE_DATABASE_URL=user=; do
		checked "$line"
		[ "$line" = MIGRATE_DATABASE_URL=user= ] || assert_failure 100
		[[ $output == *"${line%%=*}"* ]] || [ "$status" = 0 ]
	done
	assert_success
	rm "$conf"
}

# In a mount namespace of its own, in which /etc is a copy.
@test "without POSTRIDER_CONF the installed settings are read, if any" {
	unshare -m true 2>/dev/null || skip 'no mount namespaces here'
	local admin=$ROOT/build/release/bin/postrider-admin
	make -s -C "$ROOT" build >/dev/null 3>&- 4>&-
	run unshare -m --propagation private sh -ec '
		mount -t tmpfs -o mode=755 etc /mnt
		mkdir -p /mnt/etc/postrider
		cp -a /etc/passwd /etc/group /etc/nsswitch.conf /mnt/etc
		cp -a /etc/ld.so* /mnt/etc
		mount --bind /mnt/etc /etc
		unset POSTRIDER_CONF
		export SHARE_DIR="$2"
		"$1" check-config
		echo LOG_LEVEL=error >/etc/postrider/postrider.conf
		"$1" check-config
		echo NO_SUCH=1 >>/etc/postrider/postrider.conf
		POSTRIDER_CONF= "$1" check-config
		"$1" check-config' sh "$admin" "$ROOT/src"
	assert_failure 100
	assert_output - <<-'EOT'
	the settings are fine (no file)
	the settings are fine (/etc/postrider/postrider.conf)
	the settings are fine (no file)
	/etc/postrider/postrider.conf:2: unknown setting NO_SUCH
	EOT
}

@test "in the journal a record has its priority and no time, elsewhere a time" {
	local log=$BATS_TEST_TMPDIR/log stream
	run_logged() {	# JOURNAL_STREAM
		env -i PATH="$PATH" JOURNAL_STREAM="$1" POSTRIDER_CONF= \
		    GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET AUTH=open \
		    REQUEST_URI=/no/such REMOTE_ADDR=127.0.0.1 LOG_LEVEL=debug \
		    HTTP_HOST=127.0.0.1 SECRET_KEY_FILE=/none/key \
		    SHARE_DIR="$ROOT/src" \
		    "$ROOT/$STACK_BUILD/cgi-bin/api" >/dev/null 2>>"$log"
	}
	: >"$log"
	stream=$(stat -c %d:%i "$log")
	run_logged "$stream"
	grep -qE '^<3>error api\[[0-9]+\] cannot read or store secrets reason="' \
	    "$log"
	grep -qE '^<7>debug api\[[0-9]+\] request answered .* status=404 ' "$log"
	run grep -vE '^<[3467]>(error|warning|info|debug) ' "$log"
	assert_output ''
	: >"$log"
	run_logged "${stream%:*}:1"	# another process's stream
	run grep -vE '^20[0-9]{2}-[0-9-]{5}T[0-9:.]{12}Z (error|warning|info|debug) ' \
	    "$log"
	assert_output ''
	[ -s "$log" ]
}

@test "an older program says that the schema is newer, and touches nothing" {
	local before
	sql "INSERT INTO migrations (name) VALUES ('9999_tomorrow.sql')"
	before=$(sql 'SELECT count(*) FROM migrations')
	run stack exec postrider-admin migrate
	sql "DELETE FROM migrations WHERE name = '9999_tomorrow.sql'"
	assert_failure 100
	assert_output --partial 'the schema is newer than this program: migration 9999_tomorrow.sql'
	[ "$before" = "$(($(sql 'SELECT count(*) FROM migrations') + 1))" ]
	run stack exec postrider-admin migrate
	assert_success
}
