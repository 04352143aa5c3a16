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
