load helper

# verify SECRET ARRIVAL-JSON: Standard Webhooks, by python's hmac alone.
verify() {
	python3 -c '
import base64, hashlib, hmac, json, sys
secret, arrival = sys.argv[1], json.loads(sys.argv[2])
key = (base64.b64decode(secret[6:]) if secret.startswith("whsec_")
       else secret.encode())
head = arrival["headers"]
signed = b".".join([head["webhook-id"].encode(),
                    head["webhook-timestamp"].encode(),
                    base64.b64decode(arrival["body"])])
want = "v1," + base64.b64encode(
    hmac.new(key, signed, hashlib.sha256).digest()).decode()
sys.exit(head.get("webhook-signature") != want)' "$1" "$2"
}

deliver() {	# SECRET [CURL ARGUMENT…]: sets arrival
	local path subscription webhook secret=$1
	shift
	path=$(own /ok)
	subscription=$(subscribe "$path" "$secret")
	webhook=$(ingest "$subscription" '{"test": 2432232314}' "$@")
	eventually 10 arrived "$path" 1
	arrival=$(arrivals "$path" | jq -c '.[0]')
	[ "$(jq -r .id <<<"$arrival")" = "$webhook" ]
}

@test "the check of this suite knows the standard's vector" {
	verify whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw '{"headers": {
	    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
	    "webhook-timestamp": "1614265330",
	    "webhook-signature":
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	    "body": "eyJ0ZXN0IjogMjQzMjIzMjMxNH0="}'
	run ! verify whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw '{"headers": {
	    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
	    "webhook-timestamp": "1614265331",
	    "webhook-signature":
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	    "body": "eyJ0ZXN0IjogMjQzMjIzMjMxNH0="}'
}

@test "a whsec_ secret signs with the bytes it stands for" {
	deliver whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
	verify whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw "$arrival"
}

@test "any other secret signs with its own bytes" {
	deliver 'пароль, 16 bytes+'
	verify 'пароль, 16 bytes+' "$arrival"
	run ! verify 'another' "$arrival"
}

@test "without a secret there is id and timestamp and no signature" {
	deliver ''
	[ "$(jq -r '.headers | has("webhook-signature")' <<<"$arrival")" = false ]
	[[ $(jq -r '.headers["webhook-id"]' <<<"$arrival") =~ $UUID ]]
}

@test "the timestamp is the time of the attempt, in seconds" {
	local sent
	deliver s
	sent=$(jq -r '.headers["webhook-timestamp"]' <<<"$arrival")
	[ $((sent - $(date +%s))) -ge -5 ]
	[ $((sent - $(date +%s))) -le 1 ]
}

@test "each retry is signed for its own time, under the same id" {
	local path subscription webhook all
	path=$(own /fail-n/2)
	subscription=$(subscribe "$path" secret)
	webhook=$(ingest "$subscription" '[1]')
	outcome 15 "$webhook" Success
	all=$(arrivals "$path")
	[ "$(jq length <<<"$all")" = 3 ]
	[ "$(jq -r 'map(.id) | unique | join(" ")' <<<"$all")" = "$webhook" ]
	[ "$(jq 'map(.headers["webhook-timestamp"]) | unique | length' \
	    <<<"$all")" -ge 2 ]
	for number in 0 1 2; do
		verify secret "$(jq -c ".[$number]" <<<"$all")"
	done
}

@test "a secret that changes signs the next webhook" {
	local path subscription
	path=$(own /ok)
	subscription=$(subscribe "$path" old)
	ingest "$subscription" 1
	eventually 10 arrived "$path" 1
	request PATCH "/subscriptions/$subscription" -d '{"secret": "new"}'
	assert_code 200
	ingest "$subscription" 2
	eventually 10 arrived "$path" 2
	verify old "$(arrivals "$path" | jq -c '.[0]')"
	verify new "$(arrivals "$path" | jq -c '.[1]')"
	request PATCH "/subscriptions/$subscription" -d '{"secret": null}'
	ingest "$subscription" 3
	eventually 10 arrived "$path" 3
	[ "$(arrivals "$path" | jq '.[2].headers | has("webhook-signature")')" \
	    = false ]
}

@test "the producer's X-Signature and X-Event-Type arrive as they came" {
	deliver s -H 'X-Signature: sha256=0123abc' -H 'X-Event-Type: a.b'
	[ "$(jq -r '.headers["x-signature"]' <<<"$arrival")" = sha256=0123abc ]
	[ "$(jq -r '.headers["x-event-type"]' <<<"$arrival")" = a.b ]
	verify s "$arrival"
	deliver ''
	[ "$(jq '.headers | has("x-signature") or has("x-event-type")' \
	    <<<"$arrival")" = false ]
}

# ---- what can be a secret --------------------------------------------------

bad_secrets() {	# JSON and what is said of it, a line each
	cat <<-'E'
	"whsec_"	There is no key behind whsec_
	"WHSEC_c2VjcmV0IQ=="	Write whsec_ in lower case
	" whsec_c2VjcmV0IQ=="	Write whsec_ in lower case, with nothing before
	"whsec_c2VjcmV0 IQ=="	There is a blank or a line break behind whsec_
	"whsec_c2VjcmV0IQ==\n"	There is a blank or a line break behind whsec_
	"whsec_-_-_"	Behind whsec_ there is URL-safe base64
	"whsec_c2VjcmV0IQ"	The base64 behind whsec_ is cut or wrongly padded
	"whsec_c2VjcmV0I==="	The base64 behind whsec_ is cut or wrongly padded
	"whsec_c2Vj.mV0"	What stands behind whsec_ is not standard base64
	"whsec_секрет"	What stands behind whsec_ is not standard base64
	E
}

@test "whsec_ with no standard base64 behind it is 422, and says why" {
	local id secret why
	id=$(subscribe /ok kept)
	while IFS=$'\t' read -r secret why; do
		for method in POST PATCH; do
			request $method "/subscriptions/$([ $method = POST ] ||
			    echo "$id")" -d "{\"secret\": $secret,
			    \"target_url\": \"$RECEIVER/ok\"}"
			assert_faults 1
			assert_json '.detail[0] | [.type, .loc]' \
			    '["secret_invalid",["body","secret"]]'
			[[ $(json '.detail[0].msg') == "$why"* ]] ||
				fail "$secret: $body"
		done
	done < <(bad_secrets)
	request GET "/subscriptions/$id"
	assert_json .secret '"kept"'
}

@test "the form says the same of such a secret" {
	local secret why
	while IFS=$'\t' read -r secret why; do
		submit /ui/subscriptions/new "target_url=$RECEIVER/ok" events= \
		    "secret=$(jq -r . <<<"$secret")"
		assert_code 422
		[[ $body == *'id="secret-error">'"$why"* ]] ||
			fail "$secret: $(grep error <<<"$body")"
	done < <(grep -v '\\n' < <(bad_secrets))
}

@test "an empty secret is none" {
	local path id
	path=$(own /ok)
	request POST /subscriptions/ -d "{\"secret\": \"\",
	    \"target_url\": \"$RECEIVER$path\"}"
	assert_code 201
	assert_json '[.secret, .has_secret]' '[null,false]'
	id=$(json .id)
	request PATCH "/subscriptions/$id" -d '{"secret": "some"}'
	assert_json '[.secret, .has_secret]' '["some",true]'
	request PATCH "/subscriptions/$id" -d '{"secret": ""}'
	assert_code 200
	assert_json '[.secret, .has_secret]' '[null,false]'
	ingest "$id" 1
	eventually 10 arrived "$path" 1
	[ "$(arrivals "$path" |
	    jq '.[0].headers | has("webhook-signature")')" = false ]
}

# ---- rotation --------------------------------------------------------------

# signers ARRIVAL-JSON SECRET…: which of the secrets made each signature, in the
# order of the header ("?": none of them).
signers() {
	python3 -c '
import base64, hashlib, hmac, json, sys
arrival, secrets = json.loads(sys.argv[1]), sys.argv[2:]
head = arrival["headers"]
signed = b".".join([head["webhook-id"].encode(),
                    head["webhook-timestamp"].encode(),
                    base64.b64decode(arrival["body"])])
def sign(secret):
    key = (base64.b64decode(secret[6:]) if secret.startswith("whsec_")
           else secret.encode())
    return "v1," + base64.b64encode(
        hmac.new(key, signed, hashlib.sha256).digest()).decode()
made = {sign(secret): secret for secret in secrets}
print(*(made.get(one, "?") for one in
        head.get("webhook-signature", "").split(" ") if one))' "$@"
}

rotate() {	# SUBSCRIPTION: sets secret to the new one
	request POST "/subscriptions/$1/secret/rotate"
	assert_code 200
	secret=$(json .secret)
	[[ $secret =~ ^whsec_[A-Za-z0-9+/]{43}=$ ]] || fail "secret: $secret"
}

sent() {	# SUBSCRIPTION PATH NUMBER: ingests, sets arrival to the N-th
	ingest "$1" "{\"number\": $3}" >/dev/null
	eventually 10 arrived "$2" "$3"
	arrival=$(arrivals "$2" | jq -c ".[$3 - 1]")
}

@test "after a rotation both secrets sign, then only the new one" {
	local path subscription secret until
	path=$(own /ok)
	subscription=$(subscribe "$path" old)
	rotate "$subscription"
	until=$(date -d "$(json .secret_overlap_until)" +%s)
	[ $((until - $(date +%s) - 86400)) -ge -20 ]
	[ $((until - $(date +%s) - 86400)) -le 5 ]
	request GET "/subscriptions/$subscription"
	assert_json .secret "\"$secret\""
	sent "$subscription" "$path" 1
	[ "$(signers "$arrival" old "$secret")" = "$secret old" ]
	sql "UPDATE subscriptions SET secrets_until[2] = clock_timestamp()
	    WHERE id = '$subscription'"
	sent "$subscription" "$path" 2
	[ "$(signers "$arrival" old "$secret")" = "$secret" ]
	redis DEL "subscription:$subscription"
	request GET "/subscriptions/$subscription"
	assert_json 'has("secret_overlap_until")' false
}

@test "of many rotations the two secrets before stay valid" {
	local path subscription secret first second
	path=$(own /ok)
	subscription=$(subscribe "$path" old)
	rotate "$subscription"
	first=$secret
	rotate "$subscription"
	second=$secret
	sent "$subscription" "$path" 1
	[ "$(signers "$arrival" old "$first" "$second")" = \
	    "$second $first old" ]
	rotate "$subscription"
	sent "$subscription" "$path" 2
	[ "$(signers "$arrival" old "$first" "$second" "$secret")" = \
	    "$secret $second $first" ]
}

@test "a secret set by hand ends all others at once, the same one none" {
	local path subscription secret
	path=$(own /ok)
	subscription=$(subscribe "$path" old)
	rotate "$subscription"
	request PATCH "/subscriptions/$subscription" \
	    -d "{\"secret\": \"$secret\"}"
	assert_code 200
	sent "$subscription" "$path" 1
	[ "$(signers "$arrival" old "$secret")" = "$secret old" ]
	request PATCH "/subscriptions/$subscription" -d '{"secret": "hand"}'
	assert_code 200
	assert_json 'has("secret_overlap_until")' false
	sent "$subscription" "$path" 2
	[ "$(signers "$arrival" old "$secret" hand)" = hand ]
}

@test "a rotation gives a first secret, and is 404 where there is nobody" {
	local path subscription secret
	path=$(own /ok)
	subscription=$(subscribe "$path")
	rotate "$subscription"
	assert_json 'has("secret_overlap_until")' false
	sent "$subscription" "$path" 1
	[ "$(signers "$arrival" "$secret")" = "$secret" ]
	request POST "/subscriptions/$NOBODY/secret/rotate"
	assert_code 404
	request GET "/subscriptions/$subscription/secret/rotate"
	assert_code 405
}

# ---- producers who sign ----------------------------------------------------

verifying() {	# SCHEME SECRET [PATH]: sets subscription
	request POST /subscriptions/ -d "{\"secret\": \"$2\",
	    \"target_url\": \"$RECEIVER${3:-/ok}\", \"verify_ingest\": \"$1\"}"
	assert_code 201
	assert_json .verify_ingest "\"$1\""
	subscription=$(json .id)
}

# Runs the python on its standard input, which sends with
#   want(STATUS, NAME, HEADERS, body=BYTES)   and signs with
#   standard(body, id=, at=seconds from now, secret=), hexed(body, secret=)
# to this subscription, and counts what goes otherwise.
producer() {
	python3 -c '
import base64, hashlib, hmac, json, sys, time, urllib.error, urllib.request
url, secret, failed, BODY = sys.argv[1], sys.argv[2], [], b"{\"a\": 1}"
def mac(key, message):
    return hmac.new(key, message, hashlib.sha256)
def key(secret):
    return (base64.b64decode(secret[6:]) if secret.startswith("whsec_")
            else secret.encode())
def standard(body=BODY, id="msg_1", at=0, secret=secret):
    at = str(int(time.time()) + at)
    sum = mac(key(secret), id.encode() + b"." + at.encode() + b"." + body)
    return {"webhook-id": id, "webhook-timestamp": at, "webhook-signature":
            "v1," + base64.b64encode(sum.digest()).decode()}
def hexed(body=BODY, secret=secret):
    return mac(secret.encode(), body).hexdigest()
def send(headers, body=BODY):
    request = urllib.request.Request(url, body, method="POST", headers={
        "Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
def want(status, name, headers, body=BODY):
    got = send(headers, body)
    if got[0] != status:
        failed.append(f"{name}: wanted {status}, got {got}")
    return got[1]
exec(sys.stdin.read())
print(*failed, sep="\n")
sys.exit(bool(failed))' "$URL/ingest/$subscription" "$@"
}

stored() {	# how many of the subscription, and keys used
	sql "SELECT (SELECT count(*) FROM webhooks WHERE subscription_id =
	    '$subscription'), (SELECT count(*) FROM pending WHERE
	    subscription_id = '$subscription'), (SELECT count(*) FROM
	    idempotency WHERE subscription_id = '$subscription')"
}

@test "what is not signed as Standard Webhooks is 401 and not stored" {
	local subscription
	verifying standard-webhooks whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
	producer whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw <<-'EOF'
	good = standard()
	def without(name):
	    return {k: v for k, v in good.items() if k != name}
	def other(**change):
	    return {**good, **{k.replace("_", "-"): v
	                       for k, v in change.items()}}
	want(401, "nothing", {})
	for name in good:
	    want(401, "no " + name, without(name))
	    want(401, "empty " + name, {**good, name: ""})
	want(401, "another body", good, b'{"a": 2}')
	want(401, "one byte more", good, BODY + b" ")
	want(401, "another id", other(webhook_id="msg_2"))
	want(401, "another time", other(webhook_timestamp=str(
	    int(good["webhook-timestamp"]) + 1)))
	want(401, "310 s ago", standard(at=-310))
	want(401, "in 310 s", standard(at=310))
	want(401, "no number", other(webhook_timestamp="now"))
	want(401, "another secret", standard(secret="whsec_AAAA"))
	want(401, "the secret's text", standard(secret="x" + secret))
	sign = good["webhook-signature"]
	want(401, "cut", other(webhook_signature=sign[:-2]))
	want(401, "longer", other(webhook_signature=sign + "A"))
	want(401, "another version", other(webhook_signature="v2" + sign[2:]))
	want(401, "in hex", other(webhook_signature="v1," + base64.b64decode(
	    sign[3:]).hex()))
	want(401, "X-Signature alone", {"X-Signature": hexed()})
	want(401, "with a key", {"Idempotency-Key": "k", "webhook-id": "1"})
	want(401, "no JSON", {}, b"{")
	want(401, "no body", {}, b"")
	detail = want(401, "missing", {})["detail"]
	if detail != "Signature is missing": failed.append(detail)
	detail = want(401, "stale", standard(at=-400))["detail"]
	if detail != "Signature is too old or too new": failed.append(detail)
	EOF
	[ "$(stored)" = '0|0|0' ]
	request POST "/ingest/$subscription" -d 1
	assert_code 401
	[ -n "$(header WWW-Authenticate)" ]
	redis --scan --pattern "*$subscription*" >"$BATS_TEST_TMPDIR/keys"
	run ! grep -v '^subscription:' "$BATS_TEST_TMPDIR/keys"
}

@test "what is signed as Standard Webhooks is stored and delivered" {
	local subscription path
	path=$(own /ok)
	verifying standard-webhooks whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw \
	    "$path"
	producer whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw <<-'EOF'
	good = standard()
	wrong = standard(secret="whsec_AAAA")["webhook-signature"]
	sign = good["webhook-signature"]
	want(202, "now", good)
	want(202, "295 s ago", standard(at=-295))
	want(202, "in 295 s", standard(at=295))
	want(202, "second of two", {**good,
	     "webhook-signature": wrong + " " + sign})
	want(202, "first of two", {**good,
	     "webhook-signature": sign + " v1a,AAAA"})
	want(202, "other bytes", standard("\"é\"".encode()),
	     "\"é\"".encode())
	want(400, "signed, and no JSON", standard(b"{"), b"{")
	want(400, "signed, and nothing", standard(b""), b"")
	EOF
	eventually 10 arrived "$path" 6
	[ "$(arrivals "$path" | jq length)" = 6 ]
	[ "$(arrived_body "$path" 0)" = '{"a": 1}' ]
}

@test "X-Signature in hex, with sha256= or without, by the secret's bytes" {
	local subscription path
	path=$(own /ok)
	verifying hmac-sha256-hex whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw "$path"
	producer whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw <<-'EOF'
	good = hexed()
	def x(value):
	    return {"X-Signature": value}
	want(401, "nothing", {})
	want(401, "Standard Webhooks", standard())
	want(401, "the bytes of whsec_", x(mac(key(secret), BODY).hexdigest()))
	want(401, "another secret", x(hexed(secret="other")))
	want(401, "another body", x(good), BODY + b"\n")
	want(401, "cut", x(good[:-1]))
	want(401, "cut by a byte", x(good[:-2]))
	want(401, "longer", x(good + "00"))
	want(401, "sha1=", x("sha1=" + good))
	want(401, "sha256= alone", x("sha256="))
	want(401, "base64", x(base64.b64encode(bytes.fromhex(good)).decode()))
	want(202, "plain", x(good))
	want(202, "sha256=", x("sha256=" + good))
	want(202, "upper case", x(good.upper()))
	want(202, "sha256= and upper case", x("sha256=" + good.upper()))
	EOF
	eventually 10 arrived "$path" 4
	[ "$(arrivals "$path" | jq length)" = 4 ]
	[ "$(arrivals "$path" |
	    jq '[.[].headers["x-signature"] | test("^sha256=")] | sort')" = \
	    "$(jq . <<<'[false, false, true, true]')" ]
}

@test "a bad signature uses up no Idempotency-Key" {
	local subscription
	verifying hmac-sha256-hex s
	producer s <<-'EOF'
	keyed = {"Idempotency-Key": "order-1"}
	want(401, "bad", {**keyed, "X-Signature": hexed(secret="t")}, b"[1]")
	first = want(202, "good", {**keyed, "X-Signature": hexed()})
	again = want(202, "again", {**keyed, "X-Signature": hexed()})
	if first != again: failed.append(f"{first} is not {again}")
	want(401, "a bad repeat", {**keyed, "X-Signature": hexed(secret="t")})
	want(422, "reused", {**keyed, "X-Signature": hexed(b"[2]")}, b"[2]")
	EOF
	[[ $(stored) == 1\|*\|1 ]]
}

@test "while two secrets are valid producers may sign with either" {
	local subscription secret
	verifying standard-webhooks old
	producer old <<<'for i in range(4): want(202, "old", standard())'
	rotate "$subscription"
	producer "$secret" <<-'EOF'
	for i in range(4):
	    want(202, "new", standard())
	    want(202, "old", standard(secret="old"))
	    want(401, "neither", standard(secret="other"))
	EOF
	sql "UPDATE subscriptions SET secrets_until[2] = clock_timestamp(),
	    secrets_version = secrets_version + 1 WHERE id = '$subscription'"
	producer "$secret" <<-'EOF'
	for i in range(4):
	    want(202, "new", standard())
	    want(401, "old", standard(secret="old"))
	EOF
}

@test "an overlap ends by itself, also where its rule is remembered" {
	local subscription secret
	verifying standard-webhooks old
	rotate "$subscription"
	sql "UPDATE subscriptions SET secrets_version = secrets_version + 1,
	    secrets_until[2] = clock_timestamp() + interval '3 seconds'
	    WHERE id = '$subscription'"
	producer old <<-'EOF'
	for i in range(6): want(202, "old", standard())
	time.sleep(3.2)
	for i in range(6): want(401, "old", standard())
	EOF
}

@test "verify_ingest holds at once, and so does taking it back" {
	local subscription
	subscription=$(subscribe /ok s)
	request GET "/subscriptions/$subscription"
	assert_json .verify_ingest null
	for want in 401 202 401 202; do
		request PATCH "/subscriptions/$subscription" -d "$(
		    [ $want = 202 ] && echo '{"verify_ingest": null}' ||
		    echo '{"verify_ingest": "hmac-sha256-hex"}')"
		assert_code 200
		producer s <<-EOF
		for i in range(6): want($want, "unsigned", {})
		for i in range(6): want(202, "signed", {"X-Signature": hexed()})
		EOF
	done
}

@test "signed and unsigned for many subscriptions at once, each as it should" {
	local subscription signs=() open
	open=$(subscribe /ok s)
	for i in 1 2 3; do
		verifying hmac-sha256-hex "s$i"
		signs+=("$subscription")
	done
	producer "${signs[0]}" "${signs[1]}" "${signs[2]}" "$open" <<-'EOF'
	import concurrent.futures
	root = url.rsplit("/", 1)[0] + "/"
	cases = []
	for i in range(240):
	    number = i % 4
	    right = i % 3 != 0
	    signature = hexed(secret=f"s{number + 1}" if right else "x")
	    status = 202 if number == 3 or right else 401
	    cases.append((root + sys.argv[2 + number], signature, status))
	def one(case):
	    request = urllib.request.Request(case[0], BODY, method="POST",
	        headers={"X-Signature": case[1],
	                 "Content-Type": "application/json"})
	    try:
	        with urllib.request.urlopen(request, timeout=20) as answer:
	            return answer.status
	    except urllib.error.HTTPError as error:
	        return error.code
	with concurrent.futures.ThreadPoolExecutor(40) as pool:
	    for case, got in zip(cases, pool.map(one, cases)):
	        if got != case[2]: failed.append(f"{case}: {got}")
	EOF
	[ "$(sql "SELECT count(*) FROM webhooks WHERE subscription_id IN
	    ('${signs[0]}', '${signs[1]}', '${signs[2]}')")" = 120 ]
}

@test "verify_ingest without a secret, or of another kind, is 422" {
	local subscription
	for secret in '' ', "secret": null' ', "secret": ""'; do
		request POST /subscriptions/ -d "{\"target_url\": \"$RECEIVER/ok\",
		    \"verify_ingest\": \"hmac-sha256-hex\"$secret}"
		assert_code 422
		assert_fault missing '["body","secret"]' \
		    'verify_ingest needs a secret to verify signatures with'
	done
	request POST /subscriptions/ -d '{"target_url": "no", "events": 5,
	    "verify_ingest": "standard-webhooks"}'
	assert_faults 3
	for value in '"hmac"' '""' 5 true '[]' '"Standard-Webhooks"'; do
		request POST /subscriptions/ -d "{\"target_url\": \"$RECEIVER/ok\",
		    \"secret\": \"s\", \"verify_ingest\": $value}"
		assert_code 422
		assert_fault literal_error '["body","verify_ingest"]' \
		    "Input should be 'standard-webhooks' or 'hmac-sha256-hex'"
	done
	subscription=$(subscribe /ok)
	request PATCH "/subscriptions/$subscription" \
	    -d '{"verify_ingest": "standard-webhooks"}'
	assert_code 422
	request PATCH "/subscriptions/$subscription" \
	    -d '{"verify_ingest": "standard-webhooks", "secret": "s"}'
	assert_code 200
	for secret in null '""'; do
		request PATCH "/subscriptions/$subscription" \
		    -d "{\"secret\": $secret}"
		assert_code 422
	done
	request PATCH "/subscriptions/$subscription" \
	    -d '{"verify_ingest": null, "secret": null}'
	assert_code 200
	assert_json '[.secret, .verify_ingest]' '[null,null]'
}
