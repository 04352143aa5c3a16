# Producers who sign what they ingest (verify_ingest).
load helper

rotate() {	# SUBSCRIPTION: sets secret to the new ingest secret
	request POST "/subscriptions/$1/ingest-secret/rotate"
	assert_code 200
	secret=$(json .ingest_secret)
	[[ $secret =~ ^whsec_[A-Za-z0-9+/]{43}=$ ]] || fail "secret: $secret"
}

verifying() {	# SCHEME INGEST-SECRET [PATH]: sets subscription
	request POST /subscriptions/ -d "{\"ingest_secret\": \"$2\",
	    \"target_url\": \"$RECEIVER${3:-/ok}\", \"verify_ingest\": \"$1\"}"
	assert_code 201
	assert_json '[.verify_ingest, .has_ingest_secret, has("ingest_secret")]' \
	    "[\"$1\",true,false]"
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
COUNT = [0]
def standard(body=BODY, id=None, at=0, secret=secret):
    COUNT[0] += 1
    id = id or f"msg_{time.time_ns()}_{COUNT[0]}"
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
	want(202, "now", good)
	want(202, "295 s ago", standard(at=-295))
	want(202, "in 295 s", standard(at=295))
	other = standard()
	want(202, "second of two", {**other, "webhook-signature":
	     wrong + " " + other["webhook-signature"]})
	other = standard()
	want(202, "first of two", {**other, "webhook-signature":
	     other["webhook-signature"] + " v1a,AAAA"})
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
	verifying hmac-sha256-hex sixteen-bytes-and
	producer sixteen-bytes-and <<-'EOF'
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
	verifying standard-webhooks old-old-old-old-old
	producer old-old-old-old-old \
	    <<<'for i in range(4): want(202, "old", standard())'
	rotate "$subscription"
	producer "$secret" <<-'EOF'
	for i in range(4):
	    want(202, "new", standard())
	    want(202, "old", standard(secret="old-old-old-old-old"))
	    want(401, "neither", standard(secret="other"))
	EOF
	sql "UPDATE subscriptions SET ingest_secrets_until[2] = clock_timestamp(),
	    secrets_version = secrets_version + 1 WHERE id = '$subscription'"
	producer "$secret" <<-'EOF'
	for i in range(4):
	    want(202, "new", standard())
	    want(401, "old", standard(secret="old-old-old-old-old"))
	EOF
}

@test "an overlap ends by itself, also where its rule is remembered" {
	local subscription secret
	verifying standard-webhooks old-old-old-old-old
	rotate "$subscription"
	sql "UPDATE subscriptions SET secrets_version = secrets_version + 1,
	    ingest_secrets_until[2] = clock_timestamp() + interval '3 seconds'
	    WHERE id = '$subscription'"
	producer old-old-old-old-old <<-'EOF'
	for i in range(6): want(202, "old", standard())
	time.sleep(3.2)
	for i in range(6): want(401, "old", standard())
	EOF
}

@test "verify_ingest holds at once, and so does taking it back" {
	local subscription
	subscription=$(subscribe /ok s)
	request PATCH "/subscriptions/$subscription" \
	    -d '{"ingest_secret": "sixteen-bytes-and"}'
	request GET "/subscriptions/$subscription"
	assert_json .verify_ingest null
	for want in 401 202 401 202; do
		request PATCH "/subscriptions/$subscription" -d "$(
		    [ $want = 202 ] && echo '{"verify_ingest": null}' ||
		    echo '{"verify_ingest": "hmac-sha256-hex"}')"
		assert_code 200
		producer sixteen-bytes-and <<-EOF
		for i in range(6): want($want, "unsigned", {})
		for i in range(6): want(202, "signed", {"X-Signature": hexed()})
		EOF
	done
}

@test "signed and unsigned for many subscriptions at once, each as it should" {
	local subscription signs=() open
	open=$(subscribe /ok s)
	for i in 1 2 3; do
		verifying hmac-sha256-hex "secret-of-number-$i"
		signs+=("$subscription")
	done
	producer "${signs[0]}" "${signs[1]}" "${signs[2]}" "$open" <<-'EOF'
	import concurrent.futures
	root = url.rsplit("/", 1)[0] + "/"
	cases = []
	for i in range(240):
	    number = i % 4
	    right = i % 3 != 0
	    signature = hexed(secret=f"secret-of-number-{number + 1}"
	                      if right else "x")
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

@test "no secret serves both directions, not even for an overlap" {
	local subscription old
	both() {	# BODY: refused
		request "${@:2}" -d "$1"
		assert_faults 1
		assert_fault secret_invalid '["body","ingest_secret"]' \
		    "Deliveries are signed with this secret: choose another one,\
 or a receiver could pass for the producer"
	}
	verifying standard-webhooks sixteen-bytes-and
	request PATCH "/subscriptions/$subscription" \
	    -d '{"secret": "the-one-for-deliveries"}'
	assert_code 200
	request POST "/subscriptions/$subscription/secret/rotate"
	assert_code 200
	old='{"ingest_secret": "the-one-for-deliveries"}'
	both "$old" PATCH "/subscriptions/$subscription"
	both "$old" POST "/subscriptions/$subscription/ingest-secret/rotate"
	request POST "/subscriptions/$subscription/ingest-secret/rotate"
	assert_code 200
	both '{"secret": "sixteen-bytes-and"}' \
	    PATCH "/subscriptions/$subscription"
	# it ends when another one takes its place by PATCH
	request PATCH "/subscriptions/$subscription" \
	    -d '{"secret": "another one", "ingest_secret": "the-one-for-deliveries"}'
	assert_code 200
	request PATCH "/subscriptions/$subscription" \
	    -d '{"secret": "sixteen-bytes-and"}'
	assert_code 200
}

# Another node may have a newer version, and the same database.
@test "a scheme that this version does not know lets nothing pass" {
	local subscription made check
	verifying hmac-sha256-hex sixteen-bytes-and
	check=$(sql "SELECT pg_get_constraintdef(oid) FROM pg_constraint
	    WHERE conname = 'subscriptions_verify_ingest_check'")
	sql "ALTER TABLE subscriptions
	    DROP CONSTRAINT subscriptions_verify_ingest_check"
	sql "UPDATE subscriptions SET verify_ingest = 'of-tomorrow',
	    secrets_version = secrets_version + 1 WHERE id = '$subscription'"
	request POST "/ingest/$subscription" -d '{}'
	made=$code
	sql "DELETE FROM subscriptions WHERE id = '$subscription'"
	sql "ALTER TABLE subscriptions
	    ADD CONSTRAINT subscriptions_verify_ingest_check $check"
	[ "$made" = 503 ] || fail "$made"
	grep -q "newer version: install.*" "$STACK_VAR/log/worker.log"
}

# ---- the ingest secret -----------------------------------------------------

creates() {	# JSON-MEMBERS: a subscription with these
	request POST /subscriptions/ \
	    -d "{\"target_url\": \"$RECEIVER/ok\"${1:+, $1}}"
}

@test "verify_ingest makes an ingest secret, and shows it once" {
	local subscription secret
	creates '"verify_ingest": "standard-webhooks", "secret": "outbound"'
	assert_code 201
	assert_json '[.secret, .has_ingest_secret]' '["outbound",true]'
	secret=$(json .ingest_secret)
	[[ $secret =~ ^whsec_[A-Za-z0-9+/]{43}=$ ]]
	subscription=$(json .id)
	for path in "/subscriptions/$subscription" '/subscriptions/?limit=1000'; do
		request GET "$path"
		[[ $body != *"$secret"* && $body != *'"ingest_secret":'* ]]
	done
	request PATCH "/subscriptions/$subscription" \
	    -d '{"verify_ingest": "hmac-sha256-hex"}'
	assert_json 'has("ingest_secret")' false
	request PATCH "/subscriptions/$subscription" \
	    -d '{"verify_ingest": "standard-webhooks"}'
	producer "$secret" <<-'EOF'
	want(202, "by the ingest secret", standard())
	want(401, "by the secret of deliveries", standard(secret="outbound"))
	EOF
	# one that had none
	subscription=$(subscribe /ok outbound)
	request PATCH "/subscriptions/$subscription" \
	    -d '{"verify_ingest": "github"}'
	assert_code 200
	[[ $(json .ingest_secret) == whsec_* ]]
}

@test "our own delivery, sent to the ingest URL, is 401" {
	local path subscription arrival
	path=$(own /ok)
	request POST /subscriptions/ -d "{\"target_url\": \"$RECEIVER$path\",
	    \"secret\": \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\",
	    \"verify_ingest\": \"standard-webhooks\"}"
	subscription=$(json .id)
	secret=$(json .ingest_secret)
	producer "$secret" <<<'want(202, "an event", standard())'
	eventually 10 arrived "$path" 1
	arrival=$(arrivals "$path" | jq '.[0]')
	local fields=()
	for name in id timestamp signature; do
		fields+=(-H "webhook-$name: $(jq -r \
		    ".headers[\"webhook-$name\"]" <<<"$arrival")")
	done
	request POST "/ingest/$subscription" "${fields[@]}" \
	    --data-binary "$(jq -r .body <<<"$arrival" | base64 -d)"
	assert_code 401
}

@test "what cannot be an ingest secret is 422, and says why" {
	local subscription case
	refused() {	# MEMBERS TYPE WHY
		creates "$1"
		assert_faults 1
		assert_json '.detail[0] | [.type, .loc]' \
		    "[\"$2\",[\"body\",\"ingest_secret\"]]"
		[[ $(json '.detail[0].msg') == "$3"* ]] || fail "$1: $body"
	}
	for scheme in standard-webhooks hmac-sha256-hex github stripe shopify; do
		refused "\"ingest_secret\": \"fifteen-bytes-!\",
		    \"verify_ingest\": \"$scheme\"" secret_invalid \
		    'The key has fewer than 16 bytes'
		refused "\"ingest_secret\": \"the same for both\",
		    \"secret\": \"the same for both\",
		    \"verify_ingest\": \"$scheme\"" secret_invalid \
		    'Deliveries are signed with this secret'
	done
	refused '"ingest_secret": "whsec_c2VjcmV0",
	    "verify_ingest": "standard-webhooks"' secret_invalid \
	    'The key has fewer than 16 bytes'
	refused '"ingest_secret": "whsec_", "verify_ingest":
	    "standard-webhooks"' secret_invalid 'There is no key behind whsec_'
	refused '"ingest_secret": "whsec_test_secret_0123456789",
	    "verify_ingest": "standard-webhooks"' secret_invalid \
	    'Behind whsec_ there is URL-safe base64'
	for scheme in stripe shopify; do
		refused "\"verify_ingest\": \"$scheme\"" missing \
		    'Set ingest_secret to the secret that the producer made'
		refused "\"verify_ingest\": \"$scheme\",
		    \"ingest_secret\": \"\"" missing 'Set ingest_secret'
	done
	creates '"ingest_secret": "whsec_test_secret_0123456789",
	    "verify_ingest": "stripe"'
	assert_code 201
	subscription=$(json .id)
	# the same secret is none for another scheme
	request PATCH "/subscriptions/$subscription" \
	    -d '{"verify_ingest": "standard-webhooks"}'
	assert_code 422
	for change in '{"ingest_secret": null}' '{"ingest_secret": ""}' \
	    '{"secret": "whsec_test_secret_0123456789"}' \
	    '{"ingest_secret": "short"}' '{"ingest_secret": 5}' \
	    '{"secret": "of 16 bytes or so", "ingest_secret": "of 16 bytes or so"}'
	do
		request PATCH "/subscriptions/$subscription" -d "$change"
		assert_code 422
	done
	request POST "/subscriptions/$subscription/ingest-secret/rotate"
	assert_code 422
	request GET "/subscriptions/$subscription"
	assert_json '[.has_ingest_secret, .verify_ingest, .secret]' \
	    '[true,"stripe",null]'
	request PATCH "/subscriptions/$subscription" \
	    -d '{"ingest_secret": null, "verify_ingest": null}'
	assert_json '[.has_ingest_secret, .verify_ingest]' '[false,null]'
}

@test "verify_ingest of another kind is 422" {
	local value subscription
	request POST /subscriptions/ -d '{"target_url": "no", "events": 5,
	    "verify_ingest": "stripe"}'
	assert_faults 3
	for value in '"hmac"' '""' 5 true '[]' '"Standard-Webhooks"'; do
		creates "\"verify_ingest\": $value"
		assert_code 422
		assert_fault literal_error '["body","verify_ingest"]' \
		    "Input should be 'standard-webhooks', 'hmac-sha256-hex', \
'github', 'stripe' or 'shopify'"
	done
}

@test "an ingest secret rotates to a given one, and set by hand ends all" {
	local subscription
	verifying hmac-sha256-hex first-first-first
	request POST "/subscriptions/$subscription/ingest-secret/rotate" \
	    -d '{"ingest_secret": "second-second-second"}'
	assert_code 200
	assert_json 'has("ingest_secret")' false
	assert_json 'has("ingest_secret_overlap_until")' true
	producer second-second-second <<-'EOF'
	want(202, "new", {"X-Signature": hexed()})
	want(202, "old", {"X-Signature": hexed(secret="first-first-first")})
	EOF
	for given in '"short"' '"second-second-second\u0000"' 5; do
		request POST "/subscriptions/$subscription/ingest-secret/rotate" \
		    -d "{\"ingest_secret\": $given}"
		assert_code 422
	done
	request PATCH "/subscriptions/$subscription" \
	    -d '{"ingest_secret": "third-third-third"}'
	assert_json 'has("ingest_secret_overlap_until")' false
	producer third-third-third <<-'EOF'
	want(202, "new", {"X-Signature": hexed()})
	want(401, "old", {"X-Signature": hexed(secret="second-second-second")})
	EOF
	request POST "/subscriptions/$NOBODY/ingest-secret/rotate"
	assert_code 404
}

# ---- repeats ---------------------------------------------------------------

@test "a webhook-id is taken once: again the first answer, else 422" {
	local subscription path
	path=$(own /ok)
	verifying standard-webhooks whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw "$path"
	producer whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw <<-'EOF'
	first = want(202, "first", standard(id="msg_1"))
	def same(got, name):
	    if got != first: failed.append(f"{name}: {got}, not {first}")
	same(want(202, "again", standard(id="msg_1")), "again")
	same(want(202, "of another time", standard(id="msg_1", at=-200)), "time")
	same(want(202, "under a key", {**standard(id="msg_1"),
	     "Idempotency-Key": "other"}), "key")
	said = want(422, "another body", standard(b"2", id="msg_1"), b"2")
	fault = said["detail"][0]
	if [fault["type"], fault["loc"], fault["input"], fault["msg"]] != [
	        "idempotency_key_reused", ["header", "webhook-id"], "msg_1",
	        "webhook-id was used for another request within 24 hours"]:
	    failed.append(str(said))
	want(422, "another event type", {**standard(id="msg_1"),
	     "X-Event-Type": "other"})
	other = want(202, "another id", standard(id="msg_2"))
	if other == first: failed.append("another id, the same answer")
	# a key of that text is not that id
	third = want(202, "a key", {**standard(id="msg_3"),
	     "Idempotency-Key": "webhook-id:msg_1"})
	if third == first: failed.append("a key is taken for an id")
	EOF
	[ "$(sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id = '$subscription'")" = 3 ]
	eventually 10 settled "$subscription"
	[ "$(arrivals "$path" | jq length)" = 3 ]
}

# Both ingest processes must have been at it, or there was no race.
@test "50 times one webhook-id at once: one webhook, one id" {
	local subscription
	verifying standard-webhooks whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
	producer whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw <<-'EOF'
	import concurrent.futures
	with concurrent.futures.ThreadPoolExecutor(50) as pool:
	    for round in range(4):
	        said = set(pool.map(lambda _: str(send(
	            standard(id=f"msg_{round}"))), range(50)))
	        if len(said) != 1 or not said.pop().startswith("(202"):
	            failed.append(f"round {round}: {said}")
	EOF
	[ "$(sql "SELECT count(*) FROM webhooks
	    WHERE subscription_id = '$subscription'")" = 4 ]
	[ "$(super_sql "SELECT count(DISTINCT pid) FROM pg_stat_activity
	    WHERE query LIKE '%INTO idempotency%'
	      AND pid <> pg_backend_pid()")" -ge 2 ]
}

# ---- vendors ---------------------------------------------------------------

@test "GitHub's header: what it signs is taken, each delivery once" {
	local subscription
	verifying github "It's a Secret to Everybody"
	producer "It's a Secret to Everybody" <<-'EOF'
	def hub(body=BODY, delivery=None, secret=secret):
	    head = {"X-Hub-Signature-256": "sha256=" + hexed(body, secret),
	            "X-Hub-Signature": "sha1=00", "X-GitHub-Event": "push"}
	    return {**head, "X-GitHub-Delivery": delivery} if delivery else head
	first = want(202, "signed", hub(delivery="72d3162e-cc78-11e3"))
	if want(202, "again", hub(delivery="72d3162e-cc78-11e3")) != first:
	    failed.append("a delivery that came twice was taken twice")
	want(422, "another body", hub(b"2", "72d3162e-cc78-11e3"), b"2")
	want(202, "without an id", hub())
	want(401, "nothing", {})
	want(401, "X-Signature", {"X-Signature": hexed()})
	want(401, "another secret", hub(secret="It's no Secret"))
	want(401, "another body", hub(), b"3")
	want(401, "sha1", {"X-Hub-Signature": "sha1=" + hmac.new(
	    secret.encode(), BODY, hashlib.sha1).hexdigest()})
	want(401, "no sha256=", {"X-Hub-Signature-256": hexed()})
	EOF
}

@test "Shopify's header: what it signs is taken, each delivery once" {
	local subscription
	verifying shopify hush-hush-hush-hush
	producer hush-hush-hush-hush <<-'EOF'
	def shop(body=BODY, id=None, secret=secret):
	    head = {"X-Shopify-Hmac-Sha256": base64.b64encode(
	        mac(secret.encode(), body).digest()).decode(),
	        "X-Shopify-Topic": "orders/create"}
	    return {**head, "X-Shopify-Webhook-Id": id} if id else head
	first = want(202, "signed", shop(id="b54557e4-bdd9"))
	if want(202, "again", shop(id="b54557e4-bdd9")) != first:
	    failed.append("a delivery that came twice was taken twice")
	want(202, "without an id", shop())
	want(401, "nothing", {})
	want(401, "another secret", shop(secret="hush-hush-hush-hus"))
	want(401, "another body", shop(), b"3")
	want(401, "in hex", {"X-Shopify-Hmac-Sha256": hexed()})
	EOF
}

@test "what Stripe's own library signs is taken, once, within five minutes" {
	local subscription
	python_modules
	verifying stripe whsec_test_secret_0123456789
	"$PYTHON" - "$URL/ingest/$subscription" <<-'EOF'
	import json, sys, time, urllib.error, urllib.request, stripe
	url, secret, failed = sys.argv[1], "whsec_test_secret_0123456789", []
	BODY = json.dumps({"id": "evt_1", "object": "event"})
	def v1(body=BODY, at=0, secret=secret):
	    return stripe.WebhookSignature._compute_signature(
	        f"{int(time.time()) + at}.{body}", secret)
	def header(body=BODY, at=0, *more, secret=secret):
	    items = [f"t={int(time.time()) + at}", *more,
	             "v1=" + v1(body, at, secret), "v0=" + "0" * 64]
	    return ",".join(items)
	def want(status, name, header, body=BODY):
	    request = urllib.request.Request(url, body.encode(), {
	        "Content-Type": "application/json",
	        **({"Stripe-Signature": header} if header else {})})
	    try:
	        with urllib.request.urlopen(request, timeout=20) as answer:
	            got, said = answer.status, answer.read()
	    except urllib.error.HTTPError as error:
	        got, said = error.code, error.read()
	    if got != status: failed.append(f"{name}: {got} {said}")
	    # the library is of the same mind, but for times to come
	    try:
	        stripe.Webhook.construct_event(body, header, secret)
	        is_good = True
	    except (stripe.SignatureVerificationError, AttributeError):
	        is_good = False
	    if is_good != (status == 202) and "in 310" not in name:
	        failed.append(f"{name}: Stripe's library says {is_good}")
	    return said
	good = header()
	first = want(202, "now", good)
	if want(202, "again", good) != first: failed.append("taken twice")
	if want(202, "fewer signatures", good.split(",v0")[0]) != first:
	    failed.append("taken twice without v0")
	if want(202, "sent anew", header(at=-100)) == first:
	    failed.append("a retry of Stripe's has a time of its own")
	want(202, "two of v1", header(BODY, -1, "v1=" + "0" * 64))
	want(202, "295 s ago", header(at=-295))
	want(401, "310 s ago", header(at=-310))
	want(401, "in 310 s", header(at=310))
	want(401, "another secret", header(secret="whsec_other"))
	want(401, "another body", header(), BODY + " ")
	want(401, "v0 alone", header().replace("v1=", "v0="))
	want(401, "no time", "v1=" + v1())
	want(401, "nothing", None)
	print(*failed, sep="\n")
	sys.exit(bool(failed))
	EOF
}
