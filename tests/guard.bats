# AUTH=open serves this machine alone: every program, whatever is asked.
load helper

setup_file() {
	load helper
	SOME=$(subscribe /ok)
	export SOME
}

# answers CODE CURL-ARGUMENT…: each program does, a monitor's question too.
answers() {
	local want=$1 method path
	shift
	while read -r method path; do
		request "$method" "$path" "$@"
		[[ $code == $want ]] ||
			fail "$method $path $*: $code ${body:0:300}"
	done <<-E
	GET /subscriptions/
	GET /healthz
	GET /no/such/path
	POST /ingest/$SOME
	GET /ui/
	GET /
	E
}

@test "another Host than loopback is 403, and says what to do" {
	local host
	for host in evil.example "evil.example:$PORT" localhost.evil.example \
	    127.0.0.1.evil.example 192.0.2.1 '[::2]' localhost@evil.example; do
		answers 40[03] -d '{}' -H "Host: $host"
		[[ $host == *@* ]] || [ "$code" = 403 ]
	done
	request GET /subscriptions/ -H 'Host: evil.example'
	assert_code 403
	[[ $(json .detail) == *AUTH=token*'postrider-admin token create'* ]]
	request POST "/ingest/$SOME" -d '{}' -H 'Host: evil.example'
	[[ $(json .detail) == *AUTH=token* ]]
	request GET /ui/ -H 'Host: evil.example'
	[[ $(header Content-Type) == text/html* ]]
	[[ $body == *AUTH=token* ]]
	request GET /healthz --http1.0 -H 'Host:'
	assert_code 403
}

@test "every way to name loopback is served" {
	local host
	for host in localhost LOCALHOST "localhost:$PORT" 127.0.0.1 \
	    127.255.0.9:1 '[::1]' '[::1]:8000'; do
		request GET /subscriptions/ -H "Host: $host"
		[ "$code" = 200 ] || fail "$host: $code"
		request POST "/ingest/$SOME" -d '{}' -H "Host: $host"
		[ "$code" = 202 ] || fail "$host: $code"
		request GET /ui/ -H "Host: $host"
		[ "$code" = 200 ] || fail "$host: $code"
	done
}

@test "what came through a proxy is 403" {
	local line
	for line in 'X-Forwarded-For: 127.0.0.1' 'X-Forwarded-Host: localhost' \
	    'X-Forwarded-Proto: http' 'X-Forwarded-Port: 80' \
	    'X-Forwarded-Anything: 1' 'Forwarded: for=127.0.0.1' \
	    'Via: 1.1 proxy' 'X-Real-IP: 127.0.0.1' 'Via;'; do
		answers 403 -d '{}' -H "$line"
	done
}

@test "a client of another machine is 403" {
	local pool method path address want
	while read -r pool method path; do
		for address in 127.0.0.1 ::1 192.0.2.1 10.0.0.1 2001:db8::1 \
		    ::ffff:192.0.2.1 ''; do
			run stack exec python3 "$ROOT/tests/fastcgi.py" \
			    "$RUN/$pool.sock" "$method" "$path" \
			    "REMOTE_ADDR=$address"
			case $address in
			127.0.0.1|::1) want='Status: 20[02]' ;;
			*) want='Status: 403' ;;
			esac
			assert_output --regexp "^$want"
		done
	done <<-E
	api GET /subscriptions/
	ingest POST /ingest/$SOME
	admin GET /ui/
	E
}

@test "a page of another site may read nothing and change nothing" {
	local origin new='{"target_url": "http://example.com/"}'
	for origin in http://evil.example null "http://localhost:$((PORT + 1))" \
	    "https://evil.example:$PORT" "https://${URL#*//}"; do
		request POST /subscriptions/ -d "$new" -H "Origin: $origin"
		[ "$code" = 403 ] || fail "$origin: $code"
		request POST /subscriptions/ -d "$new" -H "Origin: $origin" \
		    -H 'Content-Type: text/plain'
		[ "$code" = 403 ] || fail "$origin: $code"
		request POST "/ingest/$SOME" -d '{}' -H "Origin: $origin"
		[ "$code" = 403 ] || fail "$origin: $code"
		request DELETE "/subscriptions/$SOME" -H "Origin: $origin"
		[ "$code" = 403 ] || fail "$origin: $code"
		request GET "/subscriptions/$SOME" -H "Origin: $origin"
		assert_code 200
		[ -z "$(header Access-Control-Allow-Origin)" ]
	done
	for origin in "$URL" http://localhost:5173; do
		request POST /subscriptions/ -d "$new" -H "Origin: $origin"
		assert_code 201
		request POST "/ingest/$SOME" -d '{}' -H "Origin: $origin"
		assert_code 202
	done
}
