# "On a real host", to the letter: the README's own commands in a fresh Debian
# 12 with systemd as PID 1, and what such a host does with the service then.
#
# The host is a debootstrap root in build/real_host, booted by systemd-nspawn
# with a network of its own; only the packages and the build, which need none
# of its services, come before the boot, with the network of this machine.
load ../helper

setup_file() {
	[ "$(id -u)" = 0 ] || skip 'only root can boot a host'
	export PLACE=$ROOT/build/real_host HOST=$ROOT/build/real_host/root
	export CHECKOUT=usr/src/postrider
	rm -rf "$PLACE"
	mkdir -p "$PLACE"
	say 'debootstrap'
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus \
	    bookworm "$HOST" >"$PLACE/debootstrap.log" 2>&1 3>&- 4>&- ||
		fail "$(tail -5 "$PLACE/debootstrap.log")"
	apt-config dump Acquire >"$HOST/etc/apt/apt.conf.d/99acquire"
	checkout
	commands 1 >"$PLACE/commands"
	grep -q '^make install' "$PLACE/commands"
	grep -q '^systemctl enable --now postrider$' "$PLACE/commands"
}

teardown_file() {
	[ -n "${HOST:-}" ] || return 0
	[ ! -s "$PLACE/receiver.pid" ] || kill "$(cat "$PLACE/receiver.pid")"
	if [ -s "$PLACE/nspawn.pid" ]; then
		kill -TERM "$(cat "$PLACE/nspawn.pid")" 2>/dev/null || true
		tail --pid="$(cat "$PLACE/nspawn.pid")" -f /dev/null
	fi
	rm -rf "$HOST"
}

say() { echo "# $*" >&3; }

# What is under version control, and the API documentation's scripts, which npm
# would fetch.
checkout() {
	mkdir -p "$HOST/$CHECKOUT/build"
	( cd "$ROOT" && git ls-files -z -co --exclude-standard |
	    tar --null --ignore-failed-read -T - -c ) |
		tar -x -C "$HOST/$CHECKOUT"
	cp -a "$ROOT/build/docs" "$HOST/$CHECKOUT/build"
}

# commands N: the N-th shell block of the README's section.
commands() {
	awk -v want="$1" '/^## / { on = /^## On a real host$/ }
	    on && /^```sh$/ { n++; code = 1; next } /^```$/ { code = 0 }
	    on && code && n == want' "$ROOT/README.md"
}

clean() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    DEBIAN_FRONTEND=noninteractive "$@" 3>&- 4>&-; }

# The host's PID 1, as this machine sees it; never a process of this machine's.
leader() {
	local pid
	pid=$(pgrep -o -P "$(cat "$PLACE/nspawn.pid")") || return 1
	[ "$(readlink "/proc/$pid/ns/pid")" != "$(readlink /proc/self/ns/pid)" ] ||
		return 1
	echo "$pid"
}

# inside COMMAND…: on the host, as its root.
inside() {
	local pid
	pid=$(leader) || { echo 'the host does not run' >&2; return 1; }
	clean nsenter -t "$pid" -m -u -i -n -p -C -- "$@"
}

# In its network, with this machine's own: for what the helpers ask.
curl() {
	command nsenter -t "$(leader)" -n curl \
	    ${TOKEN:+-H "Authorization: Bearer $TOKEN"} "$@"
}

setup() {
	URL=http://localhost
	TOKEN=$(cat "$PLACE/token" 2>/dev/null) || TOKEN=
	[ ! -s "$PLACE/receiver.port" ] ||
		RECEIVER=http://127.0.0.1:$(cut -d' ' -f1 "$PLACE/receiver.port")
}

booted() { inside systemctl is-system-running | grep -qE 'running|degraded'; }
main_pid() { inside systemctl show -P MainPID postrider; }
is_new_main() { local now; now=$(main_pid); [ "$now" != "$1" ] && [ "$now" != 0 ]; }

# delivers: a new webhook arrives.
delivers() {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path" secret)
	ingest "$subscription" '{"a": 1}' >/dev/null
	eventually 10 arrived "$path" 1
}

@test "packages, compiler and make install, before the boot" {
	sed '/^make install/q' "$PLACE/commands" >"$HOST/root/before.sh"
	run clean systemd-nspawn -q -D "$HOST" --register=no --keep-unit \
	    --resolv-conf=copy-host \
	    bash -euxc "cd /$CHECKOUT && . /root/before.sh"
	assert_success
	[ -x "$HOST/usr/bin/postrider-worker" ]
}

@test "the rest of the README's commands, on the running host" {
	( exec env -i PATH="$PATH" setsid systemd-nspawn -q -D "$HOST" \
	    --register=no --keep-unit --private-network --boot </dev/null \
	    >"$PLACE/boot.log" 2>&1 3>&- 4>&- ) &
	echo $! >"$PLACE/nspawn.pid"
	eventually 60 booted
	local edit='; echo ALLOW_TARGETS=127.0.0.0/8 >>/etc/postrider/postrider.conf'
	sed -e '1,/^make install/d' -e "s|# and edit it|$edit|" \
	    "$PLACE/commands" >"$HOST/root/after.sh"
	grep -q ALLOW_TARGETS "$HOST/root/after.sh"
	run inside bash -euxc "cd /$CHECKOUT && . /root/after.sh"
	assert_success
	eventually 10 ready
}

@test "password, readyz and a token, as the README says" {
	commands 2 >"$HOST/root/then.sh"
	run inside bash -eux -o pipefail -c '. /root/then.sh'
	assert_success
	assert_output --partial 'the password of the admin pages, printed this once'
	assert_output --partial '"status":"ready"'
	grep -oE 'pr_[A-Za-z0-9_-]{43}' <<<"$output" >"$PLACE/token"
	[ "$(stat -c '%U:%G %a' "$HOST/etc/postrider/postrider.conf")" != '' ]
	run inside stat -c '%U:%G %a' /etc/postrider/postrider.conf \
	    /etc/postrider/secret.key /run/postrider
	assert_output "root:postrider 640
postrider:postrider 400
postrider:www-data 710"
}

@test "a webhook is delivered" {
	nsenter -t "$(leader)" -n python3 "$ROOT/tests/receiver.py" "$PLACE" \
	    >"$PLACE/receiver.log" 2>&1 3>&- 4>&- &
	echo $! >"$PLACE/receiver.pid"
	listens() { [ -s "$PLACE/receiver.port" ]; }
	eventually 10 listens
	setup
	delivers
	request GET /docs
	assert_code 200
	request GET /ui/login
	assert_code 200
}

@test "the journal: one record a line, its own priority, one time, no limit" {
	inside journalctl -u postrider -o json --no-pager >"$PLACE/journal"
	run jq -rs 'map(select(._COMM == "postrider-worke" or ._COMM == "api"
	    or ._COMM == "ingest" or ._COMM == "admin")) | map(
	    [.PRIORITY, (.MESSAGE | split(" ")[0])] | join(" ")) | unique[]' \
	    "$PLACE/journal"
	assert_output --partial '4 warning'
	assert_output --partial '6 info'
	refute_output --regexp '[0-9] (20|<)'
	run jq -rs '.[] | .MESSAGE | select(test("attempted webhook="))' \
	    "$PLACE/journal"
	assert_output --partial 'outcome=success status=200'
	run inside systemctl show -P LogRateLimitIntervalUSec postrider
	assert_output 0
}

@test "the purge is a timer, and cron leaves it alone" {
	run inside systemctl is-active postrider-purge.timer
	assert_output active
	inside systemctl start postrider-purge.service
	run inside journalctl -u postrider-purge --no-pager -o cat
	assert_output --partial 'removed 0 webhooks'
	# The line of the crontab, as cron would run it.
	run inside runuser -u postrider -- sh -xc "$(sed -n \
	    's/^17 \* \* \* \* postrider //p' "$HOST/etc/cron.d/postrider")"
	assert_success
	refute_output --partial '+ /usr/bin/postrider-purge'
}

@test "reload, also with settings that do not fit, restart, and a boot's order" {
	local before conf=$HOST/etc/postrider/postrider.conf
	before=$(main_pid)
	inside systemctl reload postrider
	eventually 20 delivers
	echo 'NO_SUCH_SETTING=1' >>"$conf"
	run inside systemctl reload postrider
	assert_failure
	run inside systemctl is-active postrider
	assert_output active
	[ "$(main_pid)" = "$before" ]
	delivers
	sed -i '/NO_SUCH/d' "$conf"
	inside systemctl reload postrider
	inside systemctl restart postrider
	is_new_main "$before"
	eventually 10 ready
	delivers
	inside systemctl restart apache2
	eventually 10 delivers
	# PostgreSQL stays away for longer than five starts take.
	inside systemctl stop postgresql
	inside systemctl restart --no-block postrider
	sleep 20
	inside systemctl start postgresql
	eventually 30 ready
	delivers
}

@test "a frozen supervisor is replaced by systemd, a frozen ingest by it" {
	local before victim
	before=$(main_pid)
	victim=$(inside pgrep -xf 'postrider: ingest' | head -1)
	inside kill -STOP "$victim"
	replaced_in() { ! inside kill -0 "$1" 2>/dev/null; }
	eventually 60 replaced_in "$victim"
	[ "$(main_pid)" = "$before" ]
	inside kill -STOP "$before"
	eventually 60 is_new_main "$before"
	run inside journalctl -u postrider --no-pager -o cat
	assert_output --partial 'Watchdog timeout'
	eventually 20 ready
	delivers
}

@test "settings that the service's user may change stop its start" {
	local said
	inside chown postrider /etc/postrider/postrider.conf
	run inside systemctl restart postrider
	assert_failure
	inside chown root /etc/postrider/postrider.conf
	run inside journalctl -u postrider --no-pager -o json
	jq -rs '.[] | select(.MESSAGE | test("root does not trust the file")) |
	    .PRIORITY' <<<"$output" | grep -qx 3
	inside systemctl restart postrider
	eventually 20 ready
}

@test "a migration may take longer than any other start" {
	local held
	inside runuser -u postgres -- psql -q postrider -c "SELECT
	    pg_advisory_lock(hashtext('postrider migrations')),
	    pg_sleep(130)" >/dev/null 2>&1 &
	held=$!
	sleep 1
	inside systemctl restart postrider
	wait $held
	eventually 10 ready
}

@test "beside other sites it has a name, and theirs stay" {
	local site=$HOST/etc/apache2/sites-available/postrider.conf
	inside a2ensite 000-default
	sed -i 's/#ServerName hooks.example.com/ServerName hooks.example.com/' \
	    "$site"
	inside systemctl reload apache2
	theirs() { curl -s http://localhost/ | grep -q 'Apache2 Debian'; }
	eventually 10 theirs
	[ "$(curl -s -H 'Host: hooks.example.com' http://localhost/readyz |
	    jq -r .status)" = ready ]
}

@test "Redis over its unix socket, as the README says" {
	local conf=$HOST/etc/redis/redis.conf line
	for line in 'unixsocket /run/redis/redis-server.sock' \
	    'unixsocketperm 770'; do
		grep -qF "\`$line\`" "$ROOT/README.md"
		echo "$line" >>"$conf"
	done
	grep -qF '`adduser postrider redis`' "$ROOT/README.md"
	inside adduser postrider redis
	inside systemctl restart redis-server
	line=REDIS_URL=unix:///run/redis/redis-server.sock
	grep -qF "\`$line\`" "$ROOT/README.md"
	echo "$line" >>"$HOST/etc/postrider/postrider.conf"
	inside systemctl restart postrider
	connected() { [ "$(inside redis-cli -s /run/redis/redis-server.sock \
	    CLIENT LIST | grep -c 'addr=/run/redis')" -gt 4 ]; }
	eventually 20 connected
	[ "$(curl -s -H 'Host: hooks.example.com' http://localhost/readyz |
	    jq -r .status)" = ready ]
}

@test "an upgrade keeps the edited site, and removal leaves what is ours" {
	inside make -s -C "/$CHECKOUT" install prefix=/usr >"$PLACE/upgrade"
	grep -q 'kept /etc/apache2/sites-available/postrider.conf' \
	    "$PLACE/upgrade"
	[ -s "$HOST/etc/apache2/sites-available/postrider.conf.new" ]
	inside systemctl daemon-reload
	inside systemctl restart postrider
	inside systemctl disable --now postrider postrider-purge.timer
	inside a2dissite postrider
	inside systemctl reload apache2
	inside make -s -C "/$CHECKOUT" uninstall prefix=/usr
	[ ! -e "$HOST/usr/bin/postrider-worker" ]
	[ ! -e "$HOST/lib/systemd/system/postrider.service" ]
	[ -s "$HOST/etc/postrider/secret.key" ]
	theirs() { curl -s http://localhost/ | grep -q 'Apache2 Debian'; }
	eventually 10 theirs
}
