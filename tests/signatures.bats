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
