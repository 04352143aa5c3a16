load helper

PASSWORD='correct horse battery'

# The whole suite runs with AUTH=token; beside the stack's Apache there is one
# with TLS, and one whose pools are gone.
setup_file() {
	load helper
	local tls gone
	# without one /ui/ leads to the first steps
	subscribe /ok >/dev/null
	auth token
	tls=$(free_port) gone=$(free_port)
	export TLS=https://127.0.0.1:$tls GONE=http://127.0.0.1:$gone
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -days 2 -subj /CN=127.0.0.1 -addext \
	    subjectAltName=IP:127.0.0.1 -keyout "$STACK_VAR/tls.key" \
	    -out "$STACK_VAR/tls.crt" 2>/dev/null
	chmod 644 "$STACK_VAR/tls.key"
	site "$PORT" "$tls" <"$STACK_VAR/apache-postrider.conf" \
	    >"$STACK_VAR/apache-tls.conf"
	site "$PORT" "$gone" <"$STACK_VAR/apache-postrider.conf" |
		sed "s|unix:$RUN/|unix:$RUN/gone-|" >"$STACK_VAR/apache-gone.conf"
	sed -e "s|^Listen .*|Listen 127.0.0.1:$tls\nListen 127.0.0.1:$gone|" \
	    -e 's|apache\.pid|more.pid|; s|apache\.log|more.log|' \
	    -e 's|^Include .*||' "$STACK_VAR/apache.conf" \
	    >"$STACK_VAR/more.conf"
	cat >>"$STACK_VAR/more.conf" <<-E
	LoadModule ssl_module modules/mod_ssl.so
	SSLCertificateFile "$STACK_VAR/tls.crt"
	SSLCertificateKeyFile "$STACK_VAR/tls.key"
	Include "$STACK_VAR/apache-tls.conf"
	Include "$STACK_VAR/apache-gone.conf"
	E
	stack exec apache2 -f "$STACK_VAR/more.conf"
	eventually 10 curl -sko /dev/null "$TLS/"
}

teardown_file() {
	load helper
	kill "$(cat "$RUN/more.pid")"
	auth open
	sql 'DELETE FROM admin_accounts; DELETE FROM admin_sessions;
	    DELETE FROM login_failures; DELETE FROM admin_devices'
}

setup() {
	sql 'DELETE FROM login_failures; DELETE FROM admin_devices'
	[ "$(sql 'SELECT count(*) FROM admin_accounts')" = 1 ] ||
		set_password "$PASSWORD"
}

site() {	# OLD-PORT NEW-PORT: the site's configuration, at another port
	sed -e "s|127.0.0.1:$1>|127.0.0.1:$2>|" \
	    -e "s|ServerSignature Off|&\n$([ "$2" != "${TLS##*:}" ] ||
	    echo 'SSLEngine on')|"
}

admin() { stack exec postrider-admin "$@"; }
set_password() { admin password set <<<"$1" >/dev/null; }

place() { header Location | sed "s|^$URL||"; }
cookie() { sed -nE "s/^Set-Cookie: ($1)=([^;]*).*/\\2/Ip" <<<"$head"; }

# login [PASSWORD [FIELD…]]: by the form, in a new browser.
login() {
	local password=${1-$PASSWORD}
	rm -f "$BATS_TEST_TMPDIR/cookies"
	[ $# -eq 0 ] || shift
	submit /ui/login name=admin "password=$password" "$@"
}

logged_in() {
	browse /ui/
	assert_code 200
}

logged_out() {
	browse /ui/
	assert_code 303
}

subscribe_by_form() {
	submit /ui/subscriptions/new "target_url=$RECEIVER/ok" events=
	assert_code 303
	place | grep -oE '[0-9a-f-]{36}'
}

exists() {
	[ "$(sql "SELECT state FROM subscriptions WHERE id = '$1'")" = active ]
}

@test "the first start prints a password, once" {
	local printed
	sql 'DELETE FROM admin_accounts'
	run admin migrate
	assert_success
	printed=$(sed -nE 's/.*printed this once: (.*)/\1/p' <<<"$output")
	[ ${#printed} = 24 ]
	run admin migrate
	assert_success
	refute_output --partial password
	login "$printed"
	assert_code 303
	sql 'DELETE FROM admin_accounts'
	run stack exec env AUTH=open postrider-admin migrate
	refute_output --partial password
}

@test "a password is set from standard input and kept as argon2id alone" {
	local before
	before=$(sql 'SELECT password_hash FROM admin_accounts')
	for bad in short 'eleven char' "$(printf 'tab\tis no text')" \
	    "$(printf '%600s' x)" $'\xff\xfe\xfd is no UTF-8'; do
		run admin password set <<<"$bad"
		assert_failure 100
		assert_output --partial 'Nothing was changed'
	done
	[ "$(sql 'SELECT password_hash FROM admin_accounts')" = "$before" ]
	run admin password set <<<'another password'
	assert_success
	[[ $(sql 'SELECT password_hash FROM admin_accounts') == \
	    '$argon2id$v=19$m=19456,t=2,p=1$'* ]]
	login "$PASSWORD"
	assert_code 403
	login 'another password'
	assert_code 303
	set_password "$PASSWORD"
}

@test "at a terminal the password is asked for twice and not shown" {
	cat >"$BATS_TEST_TMPDIR/type.py" <<-'E'
	import os, pty, sys
	answers, shown = sys.argv[1].split('|'), b''
	pid, fd = pty.fork()
	if pid == 0:
	    os.execvp(sys.argv[2], sys.argv[2:])
	while True:
	    try:
	        got = os.read(fd, 4096)
	    except OSError:
	        break
	    if not got:
	        break
	    shown += got
	    if shown.endswith(b': ') and answers:
	        os.write(fd, answers.pop(0).encode() + b'\n')
	print(shown.decode())
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	E
	run python3 "$BATS_TEST_TMPDIR/type.py" \
	    'typed by a person|typed by a person' \
	    "$STACK" exec postrider-admin password set
	assert_success
	assert_output --partial 'The same again'
	refute_output --partial 'typed by'
	login 'typed by a person'
	assert_code 303
	run python3 "$BATS_TEST_TMPDIR/type.py" \
	    'typed by a person|typed by another' \
	    "$STACK" exec postrider-admin password set
	assert_failure 100
	assert_output --partial 'two different passwords'
	set_password "$PASSWORD"
}

@test "without a session every page leads to the login, and back" {
	local method path count=0 token
	browse /ui/login
	token=$(csrf)
	while read -r method path; do	# every route there is
		path=${path/'{id}'/$NOBODY}
		count=$((count + 1))
		if [ "$method" = GET ]; then
			browse "$path"
			[ "$code" = 303 ] || fail "$path: $code"
			[[ $(place) == /ui/login* ]]
			[ -z "$body" ]
		else
			send "$path" "csrf=$token"
			[ "$code" = 403 ] || fail "$path: $code"
			[[ $body == *'You are not logged in'* ]]
		fi
	done < <(sed -nE 's|^.*\{ "([A-Z]+)", "(/ui[^"]*)".*|\1 \2|p' \
	    "$ROOT/cgi-bin/admin.c" | grep -v /login)
	[ $count -gt 15 ]
	browse '/ui/attempts?subscription=x&limit=7'
	[ "$(place)" = \
	    /ui/login?next=%2Fui%2Fattempts%3Fsubscription%3Dx%26limit%3D7 ]
	submit "$(place)" name=admin "password=$PASSWORD" \
	    'next=/ui/attempts?subscription=x&limit=7'
	assert_code 303
	[ "$(place)" = '/ui/attempts?subscription=x&limit=7' ]
}

@test "the login leads to no other site" {
	local next
	for next in //evil.example/ http://evil.example/ /ui/$'\r\n'Evil:1 \
	    '/ui@evil.example' '\\evil.example' javascript:alert\(1\) /docs; do
		login "$PASSWORD" "next=$next"
		assert_code 303
		[ "$(place)" = /ui/ ]
		[ -z "$(header Evil)" ]
		browse /ui/
		send /ui/logout "csrf=$(csrf)"
	done
}

@test "the right password opens the pages, until the logout" {
	local session
	login
	assert_code 303
	[ "$(place)" = /ui/ ]
	session=$(cookie sid)
	logged_in
	[[ $body == *'action="/ui/logout"'* ]]
	browse /ui/login
	[ "$(place)" = /ui/ ]
	subscribe_by_form
	browse /ui/
	send /ui/logout "csrf=$(csrf)"
	assert_code 303
	[ "$(place)" = /ui/login ]
	[ -z "$(cookie sid)" ]
	[[ $(header Set-Cookie) == *Max-Age=0* ]]
	[ -n "$(header Clear-Site-Data)" ]
	logged_out
	request GET /ui/ -H "Cookie: sid=$session"
	assert_code 303
	[ "$(sql "SELECT count(*) FROM admin_sessions
	    WHERE id_hash = encode(sha256('$session'), 'hex')")" = 0 ]
}

@test "a wrong password, another account and none set get the same answer" {
	local said=() wrong
	login 'a wrong password'
	assert_code 403
	wrong=$(sed '/csrf\|<code>\|data-now/d' <<<"$body")
	[[ $wrong == *'The password is not right.'* ]]
	[ -z "$(cookie sid)" ]
	logged_out
	submit /ui/login name=root "password=$PASSWORD"
	assert_code 403
	[ "$(sed '/csrf\|<code>\|data-now/d' <<<"$body")" = "$wrong" ]
	login ''
	assert_code 403
	sql 'DELETE FROM admin_accounts'
	login
	assert_code 403
	[ "$(sed '/csrf\|<code>\|data-now/d' <<<"$body")" = "$wrong" ]
	logged_out
}

@test "the session's id is a new one at login, and fixed ones are worth nothing" {
	local fixed before after again
	fixed=$(printf 'A%.0s' {1..43})
	browse /ui/login -H "Cookie: sid=$fixed"
	before=$fixed
	request POST /ui/login -H "Cookie: sid=$fixed" -H "Origin: $URL" \
	    -H 'Content-Type: application/x-www-form-urlencoded' \
	    --data-urlencode "csrf=$(csrf)" -d name=admin \
	    --data-urlencode "password=$PASSWORD"
	assert_code 303
	after=$(cookie sid)
	[ ${#after} = 43 ]
	[ "$after" != "$before" ]
	request GET /ui/ -H "Cookie: sid=$fixed"
	assert_code 303
	request GET /ui/ -H "Cookie: sid=$after"
	assert_code 200
	# a second login from the same browser ends the first
	request GET /ui/ -H "Cookie: sid=$after"
	request POST /ui/login -H "Cookie: sid=$after" -H "Origin: $URL" \
	    -H 'Content-Type: application/x-www-form-urlencoded' \
	    --data-urlencode "csrf=$(csrf)" -d name=admin \
	    --data-urlencode "password=$PASSWORD"
	assert_code 303
	again=$(cookie sid)
	[ ${#again} = 43 ]
	[ "$again" != "$after" ]
	request GET /ui/ -H "Cookie: sid=$after"
	assert_code 303
	# what is no id is replaced by one
	request GET /ui/login -H 'Cookie: sid=short'
	[ "$(cookie sid | wc -c)" = 44 ]
}

@test "the table of sessions holds no id that a browser would send" {
	login
	local session
	session=$(cookie sid)
	run sql 'SELECT * FROM admin_sessions'
	refute_output --partial "$session"
	assert_output --partial "$(printf %s "$session" | sha256sum | cut -c1-64)"
}

@test "the API takes no session, and the pages take no token" {
	local session
	login
	session=$(cookie sid)
	browse /subscriptions/
	assert_code 401
	browse /subscriptions/ -X POST -d '{"target_url":"http://x.example/"}' \
	    -H "Origin: $URL" -H 'Sec-Fetch-Site: same-origin'
	assert_code 401
	request GET /ui/ -H "Authorization: Bearer $session" \
	    -H "Authorization: Basic $(printf 'admin:%s' "$PASSWORD" | base64)"
	assert_code 303
}

@test "a session ends after 30 idle minutes and after 8 hours" {
	login
	sql "UPDATE admin_sessions SET used_at = now() - interval '29 minutes'"
	logged_in
	[ "$(sql "SELECT count(*) FROM admin_sessions
	    WHERE used_at > now() - interval '1 minute'")" = 1 ]
	sql "UPDATE admin_sessions SET used_at = now() - interval '31 minutes'"
	logged_out
	login
	sql "UPDATE admin_sessions SET created_at = now() - interval '7.9 hours'"
	logged_in
	sql "UPDATE admin_sessions SET created_at = now() - interval '8.1 hours'"
	logged_out
	run stack exec postrider-purge
	assert_success
	[ "$(sql 'SELECT count(*) FROM admin_sessions')" = 0 ]
}

@test "a new password ends every session" {
	login
	logged_in
	set_password 'yet another password'
	logged_out
	set_password "$PASSWORD"
}

@test "five wrong passwords are free, then even the right one has to wait" {
	for _ in 1 2 3 4 5; do
		login wrong-password
		assert_code 403
	done
	[ "$(sql 'SELECT DISTINCT failures FROM login_failures')" = 5 ]
	sql 'UPDATE login_failures SET failures = 11, free_at = now()'
	login wrong-password
	assert_code 403
	login
	assert_code 429
	[[ $(header Retry-After) =~ ^2[0-9][0-9]$ ]]
	[[ $body == *'then try again'* ]]
	# what had to wait does not count
	[ "$(sql 'SELECT DISTINCT failures FROM login_failures')" = 12 ]
	sql 'UPDATE login_failures SET failures = 100, free_at = now()'
	login wrong-password
	assert_code 403
	login
	assert_code 429
	[[ $(header Retry-After) =~ ^(900|8[0-9][0-9])$ ]]
	sql "UPDATE login_failures SET free_at = now()"
	login
	assert_code 303
	# the account is free again, the network as before
	[ "$(sql 'SELECT key, failures FROM login_failures')" = \
	    '127.0.0.0/24|101' ]
	sql "UPDATE login_failures SET free_at = now() - interval '25 hours'"
	login
	assert_code 303
	[ "$(sql 'SELECT failures FROM login_failures')" = 0 ]
}

@test "the network waits though the account need not, and the other way round" {
	sql "INSERT INTO login_failures VALUES
	    ('127.0.0.0/24', 9, now() + interval '20 seconds')"
	login
	assert_code 429
	[ "$(sql 'SELECT count(*) FROM login_failures')" = 1 ]
	sql "UPDATE login_failures SET key = 'admin'"
	login
	assert_code 429
	# who has to wait leaves no row: two million networks are none
	[ "$(sql 'SELECT key FROM login_failures')" = admin ]
	set_password "$PASSWORD"	# the way out
	login
	assert_code 303
}

@test "many at once get no more tries than one after the other" {
	local jar=$BATS_TEST_TMPDIR/cookies token
	sql "INSERT INTO login_failures VALUES ('admin', 11, now())"
	browse /ui/login
	token=$(csrf)
	run xargs -P 20 -I @ curl -s -o /dev/null -w '%{http_code}\n' \
	    -b "$jar" -H "Origin: $URL" -d name=admin -d password=wrong-wrong \
	    --data-urlencode "csrf=$token" "$URL/ui/login" < <(seq 40)
	[ "$(sort <<<"$output" | uniq -c | xargs)" = '1 403 39 429' ] ||
		fail "$output"
}

# again PASSWORD: in the same browser as the login before.
again() {
	submit /ui/login name=admin "password=$1"
}

# out: the browser stays, its session ends.
out() {
	browse /ui/
	send /ui/logout "csrf=$(csrf)"
}

@test "a browser that has logged in before is not kept out by who guesses" {
	local jar=$BATS_TEST_TMPDIR/cookies other=$BATS_TEST_TMPDIR/other device
	login
	assert_code 303
	device=$(cookie device)
	[ ${#device} = 43 ]
	grep -qi '^Set-Cookie: device=.*; HttpOnly; SameSite=Lax; Max-Age=34560000$' \
	    <<<"$head"
	[ "$(sql 'SELECT id_hash FROM admin_devices')" = \
	    "$(printf %s "$device" | sha256sum | cut -c1-64)" ]
	out
	cp "$jar" "$other"
	# whoever guesses has the account and this network wait, and goes on
	sql "DELETE FROM login_failures; INSERT INTO login_failures VALUES
	    ('admin', 50, now()), ('127.0.0.0/24', 50, now())"
	for _ in 1 2 3 4 5 6; do
		login wrong-password
		[ "$code" = 403 ] || [ "$code" = 429 ]
		cp "$other" "$jar"
		again "$PASSWORD"
		assert_code 303
		logged_in
		out
		cp "$jar" "$other"
	done
	# what he said right frees nobody else
	login
	assert_code 429
	[ "$(sql "SELECT failures FROM login_failures
	    WHERE key = 'admin'")" = 51 ]
	# one that is made up is nobody's
	printf '127.0.0.1\tFALSE\t/\tFALSE\t0\tdevice\t%s\n' \
	    "$(printf 'A%.0s' {1..43})" >>"$jar"
	again "$PASSWORD"
	assert_code 429
}

@test "a known browser has the same waits, of its own" {
	login
	out
	for _ in 1 2 3 4 5; do
		again wrong-password
		assert_code 403
	done
	again "$PASSWORD"
	assert_code 429
	[[ $(header Retry-After) =~ ^[12]$ ]]
	sql 'UPDATE admin_devices SET failures = 11, free_at = now()'
	again wrong-password
	assert_code 403
	again "$PASSWORD"
	assert_code 429
	[[ $(header Retry-After) =~ ^2[0-9][0-9]$ ]]
	[ "$(sql 'SELECT failures FROM admin_devices')" = 12 ]
	# nobody else waits for it
	[ "$(sql "SELECT count(*) FROM login_failures
	    WHERE free_at > now()")" = 0 ]
	cp "$BATS_TEST_TMPDIR/cookies" "$BATS_TEST_TMPDIR/known"
	login
	assert_code 303
	cp "$BATS_TEST_TMPDIR/known" "$BATS_TEST_TMPDIR/cookies"
	sql "UPDATE admin_devices SET free_at = now() - interval '25 hours'
	    WHERE failures = 12"
	again wrong-password
	assert_code 403
	again "$PASSWORD"
	assert_code 303
	[ "$(sql 'SELECT DISTINCT failures FROM admin_devices')" = 0 ]
}

@test "of browsers the hundred used last are known, for 400 days" {
	sql "INSERT INTO admin_devices (id_hash, used_at)
	    SELECT 'old ' || n, now() - n * interval '1 hour'
	      FROM generate_series(1, 150) n"
	login
	assert_code 303
	run sql "SELECT count(*), count(*) FILTER (WHERE id_hash !~ 'old'),
	    max(substr(id_hash, 5)::int) FILTER (WHERE id_hash ~ 'old')
	    FROM admin_devices"
	assert_output '100|1|99'
	sql "UPDATE admin_devices SET used_at = now() - interval '401 days'
	    WHERE id_hash ~ 'old'"
	run stack exec postrider-purge
	assert_success
	[ "$(sql 'SELECT count(*) FROM admin_devices')" = 1 ]
}

@test "two million networks that failed delay no login, and are soon forgotten" {
	local began took
	sql "INSERT INTO login_failures
	    SELECT 'network ' || n, 1, now() - (n > 1000000)::int *
		interval '2 days' FROM generate_series(1, 2000000) n"
	login
	assert_code 303
	began=$(date +%s%N)
	for _ in 1 2 3 4 5; do
		login wrong-password
		assert_code 403
	done
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$took" -lt 5000 ] || fail "five took $took ms"
	[ "$(sql 'SELECT count(*) FROM login_failures')" -lt 1990000 ]
	run stack exec postrider-purge
	assert_success
	[ "$(sql 'SELECT count(*) FROM login_failures')" -lt 1000000 ]
	sql 'TRUNCATE login_failures'
}

@test "no more than two passwords are checked at once on a host" {
	stack exec touch "$RUN/login.0" "$RUN/login.1"
	browse /ui/login
	(
		exec 8<"$RUN/login.0" 9<"$RUN/login.1"
		flock 8
		flock 9
		send /ui/login "csrf=$(csrf)" name=admin "password=$PASSWORD"
		assert_code 503
	)
	login
	assert_code 303
}

@test "a form that is not ours is refused, and nothing changes" {
	local jar=$BATS_TEST_TMPDIR/cookies id path token other case
	login
	id=$(subscribe_by_form)
	path=/ui/subscriptions/$id/delete
	request GET /ui/login
	other=$(csrf)	# good for another cookie
	browse "$path"
	token=$(csrf)
	forge() { request POST "$path" -b "$jar" \
	    -H 'Content-Type: application/x-www-form-urlencoded' "$@"; }
	while IFS='|' read -r name sent origin site host; do
		forge -d "csrf=$sent" ${origin:+-H "Origin: $origin"} \
		    ${site:+-H "Sec-Fetch-Site: $site"} \
		    ${host:+-H "Host: $host"}
		[ "$code" = 403 ] || fail "$name: $code"
		exists "$id" || fail "$name: it is gone"
	done <<-E
	no token||$URL|same-origin|
	a wrong one|${token%?}x|$URL|same-origin|
	another visitor's|$other|$URL|same-origin|
	another origin|$token|http://evil.example||
	another port|$token|${URL%:*}:1||
	another scheme|$token|https://${URL#*//}||
	no origin at all|$token|||
	an origin that hides|$token|null||
	a page elsewhere|$token||cross-site|
	a page next door|$token||same-site|
	both say so|$token|http://evil.example|cross-site|
	the browser says so|$token|$URL|cross-site|
	the origin says so|$token|http://evil.example|same-origin|
	a name that points here|$token|$URL||evil.example
	E
	# JSON, text and files are no forms
	for case in application/json text/plain multipart/form-data; do
		request POST "$path" -b "$jar" -H "Origin: $URL" \
		    -H "Content-Type: $case" -d "csrf=$token"
		assert_code 415
	done
	# by GET, or in the address, a token does nothing
	forge -H "Origin: $URL" -d '' -G -d "csrf=$token"
	exists "$id"
	# no session, but an own cookie and its own token
	request POST "$path" -H "Origin: $URL" -d "csrf=$token" \
	    -H 'Content-Type: application/x-www-form-urlencoded'
	assert_code 403
	exists "$id"
	forge -d "csrf=$token" -H "Origin: $URL" -H 'Sec-Fetch-Site: same-origin'
	assert_code 303
	[ "$(sql "SELECT state FROM subscriptions WHERE id = '$id'")" = deleted ]
}

@test "the login and the logout want their token too" {
	local jar=$BATS_TEST_TMPDIR/cookies
	browse /ui/login
	send /ui/login name=admin "password=$PASSWORD"
	assert_code 403
	[[ $body == *'out of date'* ]]
	[ "$(sql 'SELECT count(*) FROM login_failures')" = 0 ]
	login
	send /ui/logout csrf=
	assert_code 403
	logged_in
}

@test "the cookie is HttpOnly, SameSite=Lax; under TLS Secure and __Host-" {
	request GET /ui/login
	[[ $(header Set-Cookie) =~ ^sid=[A-Za-z0-9_-]{43}\;\ Path=/\;\ HttpOnly\;\ SameSite=Lax$ ]]
	login
	[[ $(header Set-Cookie) =~ ^sid=[A-Za-z0-9_-]{43}\;\ Path=/\;\ HttpOnly\;\ SameSite=Lax$ ]]
	over_tls() { URL=$TLS "$@"; }
	over_tls request GET /ui/login -k
	[[ $(header Set-Cookie) =~ ^__Host-sid=[A-Za-z0-9_-]{43}\;\ Path=/\;\ HttpOnly\;\ SameSite=Lax\;\ Secure$ ]]
	local jar=$BATS_TEST_TMPDIR/tls
	over_tls request GET /ui/login -k -c "$jar"
	over_tls request POST /ui/login -k -b "$jar" -c "$jar" \
	    -H "Origin: $TLS" -H 'Content-Type: application/x-www-form-urlencoded' \
	    --data-urlencode "csrf=$(csrf)" -d name=admin \
	    --data-urlencode "password=$PASSWORD"
	assert_code 303
	[[ $(header Set-Cookie) == __Host-sid=*Secure* ]]
	over_tls request GET /ui/ -k -b "$jar"
	assert_code 200
	# the name without the prefix, which any page nearby can set, is nobody
	over_tls request GET /ui/ -k -H "Cookie: sid=$(awk '/__Host-sid/ {
	    print $7 }' "$jar")"
	assert_code 303
}

# The headers that every answer has; what Apache says of itself is one word.
guarded() {	# NAME
	local name value
	while IFS='|' read -r name value; do
		[ "$(grep -ic "^$name:" <<<"$head")" = 1 ] ||
			fail "$1: $name is there $(grep -ic "^$name:" <<<"$head") times"
		[ "$(header "$name")" = "$value" ] ||
			fail "$1: $name is $(header "$name")"
	done <<-'E'
	X-Content-Type-Options|nosniff
	X-Frame-Options|DENY
	Referrer-Policy|same-origin
	Cross-Origin-Opener-Policy|same-origin
	Cross-Origin-Resource-Policy|same-origin
	Permissions-Policy|camera=(), microphone=(), geolocation=(), payment=(), usb=()
	X-XSS-Protection|0
	Server|Apache
	E
	local policy
	policy=$(header Content-Security-Policy)
	[ "$(grep -ic '^Content-Security-Policy:' <<<"$head")" = 1 ]
	[[ $policy == "default-src 'none'; "*"frame-ancestors 'none'"* ]] ||
		fail "$1: the policy is $policy"
	[[ $policy != *unsafe* && $policy != *http* && $policy != *\** ]]
	if grep -iE '^X-Powered-By|^Via|apache/|openssl/|debian' <<<"$head$body"
	then
		fail "$1 tells too much"
	fi
}

@test "every kind of answer carries the headers, and no version" {
	local name want path at
	login
	while IFS='|' read -r name want at path method; do
		URL=${!at} browse "$path" -k -X "${method:-GET}"
		[ "$code" = "$want" ] || fail "$name: $code"
		guarded "$name"
		case $name in
		static*|docs*|description*) ;;
		*) [ "$(header Cache-Control)" = no-store ] || fail "$name" ;;
		esac
		if [ "$at" = TLS ]; then
			[ "$(grep -i '^Strict-Transport-Security:' <<<"$head")" = \
			    'Strict-Transport-Security: max-age=63072000' ] ||
				fail "$name: no HSTS of this host alone"
		else
			[ -z "$(header Strict-Transport-Security)" ]
		fi
	done <<-E
	page|200|URL|/ui/
	way to a page|303|URL|/
	page that is not there|404|URL|/ui/nothing
	method that a page has not|405|URL|/ui/|PUT
	login|303|TLS|/ui/
	JSON|200|URL|/healthz
	JSON refused|401|URL|/subscriptions/
	JSON not there|404|URL|/nothing/at/all
	JSON method|405|URL|/healthz|DELETE
	JSON under TLS|200|TLS|/healthz
	static|200|URL|/static/style.css
	static under TLS|200|TLS|/static/style.css
	not there in static|404|URL|/static/nothing.css
	not there under TLS|404|TLS|/static/nothing.css
	a directory|404|URL|/static/
	docs|200|URL|/docs
	docs style|200|URL|/docs/page.css
	docs under TLS|200|TLS|/docs
	description|200|URL|/openapi.json
	API away|503|GONE|/subscriptions/
	page away|503|GONE|/ui/
	no path|400|URL|/%zz
	too long a path|414|URL|/$(printf 'x%.0s' {1..5000})
	trace|405|URL|/ui/|TRACE
	method unknown|501|URL|/static/style.css|BREW
	E
}

@test "only /docs may show images from data:" {
	request GET /docs
	[[ $(header Content-Security-Policy) == *"img-src 'self' data:;"* ]]
	for path in /ui/login /static/style.css /healthz /ui/nothing; do
		request GET "$path"
		[[ $(header Content-Security-Policy) != *data:* ]]
	done
}
