# A receiver as there are many: Apache with TLS, whose idle connections close.

# idle_closes KEEPALIVE SUBSCRIPTIONS EACH PAUSE...: rounds of EACH webhooks for
# each subscription, with such pauses (s) after them; Apache closes what is idle
# for KEEPALIVE s.  Every first attempt is a Success.
idle_closes() {
	local keepalive=$1 count=$2 all=$(($2 * $3)) dir=$BATS_TEST_TMPDIR
	local port ids pause apache
	shift 3
	port=$(free_port)
	cat >"$dir/apache.conf" <<-END
		ServerName localhost
		Listen 127.0.0.1:$port
		PidFile $dir/apache.pid
		ErrorLog $dir/error.log
		LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
		LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
		LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
		LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
		Mutex file:$dir
		SSLEngine on
		SSLCertificateFile $STACK_VAR/leaf.pem
		KeepAliveTimeout $keepalive
		Redirect 204 /
	END
	PATH=$PATH:/usr/sbin apache2 -f "$dir/apache.conf" -D FOREGROUND \
	    3>&- 4>&- &
	apache=$!
	mapfile -t ids < <(many "$count" "https://127.0.0.1:$port/")
	for pause; do
		python3 "$ROOT/tests/load.py" "$URL" "$all" \
		    $((all < 8 ? all : 8)) "${ids[@]}" >/dev/null
		sleep "$pause"
	done
	all_there() {
		[ "$(sql "SELECT count(*) FROM delivery_logs WHERE
		    target_url LIKE '%:$1/'")" -ge "$2" ]
	}
	eventually 10 all_there "$port" $((all * $#))
	kill $apache
	[ "$(sql "SELECT outcome, status_code, attempt_number, count(*)
	    FROM delivery_logs WHERE target_url LIKE '%:$port/'
	    GROUP BY 1, 2, 3")" = "Success|204|1|$((all * $#))" ] ||
	    fail "$(sql "SELECT outcome, error, count(*) FROM delivery_logs
	    WHERE target_url LIKE '%:$port/' GROUP BY 1, 2")"
}
