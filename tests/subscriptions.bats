load helper

create() { request POST /subscriptions/ -d "$1"; }

@test "a subscription is created with its target URL alone" {
	create '{"target_url": "http://example.com/hook"}'
	assert_code 201
	assert_json .target_url '"http://example.com/hook"'
	assert_json .secret null
	assert_json .events null
	[[ $(json .id) =~ $UUID ]]
	[ "$(header Content-Type)" = application/json ]
}

@test "a subscription keeps secret and events as given" {
	create '{"target_url": "https://example.com/", "secret": "ssh",
	    "events": ["a.b", "c"]}'
	assert_code 201
	assert_json '[.secret, .events]' '["ssh",["a.b","c"]]'
	request GET "/subscriptions/$(json .id)"
	assert_code 200
	assert_json '[.target_url, .secret, .events]' \
	    '["https://example.com/","ssh",["a.b","c"]]'
}

@test "an empty list of events comes back as an empty list" {
	create '{"target_url": "http://example.com/", "events": []}'
	assert_code 201
	request GET "/subscriptions/$(json .id)"
	assert_json .events '[]'
}

@test "unknown keys are ignored" {
	create '{"target_url": "http://example.com/", "id": 7, "x": {"y": 1}}'
	assert_code 201
	[[ $(json .id) =~ $UUID ]]
}

@test "target URLs come back normalised" {
	local id
	while read -r given want; do
		create "$(jq -nc --arg url "${given//_/ }" '{target_url: $url}')"
		assert_code 201
		assert_json .target_url "\"$want\""
	done <<-'E'
	http://example.com http://example.com/
	HTTP://EXAMPLE.com/Path http://example.com/Path
	http://example.com/a_b http://example.com/a%20b
	http://example.com:80/ http://example.com/
	https://example.com:443/ https://example.com/
	https://example.com:8443/x?y=1 https://example.com:8443/x?y=1
	http://bücher.example/ http://xn--bcher-kva.example/
	E
}

@test "text of any script is kept in secret and events" {
	create '{"target_url": "http://example.com/",
	    "secret": "пароль \"\\ 🎉 \u0001", "events": ["ключ", "😀"]}'
	assert_code 201
	request GET "/subscriptions/$(json .id)"
	assert_json '[.secret, .events]' \
	    '["пароль \"\\ 🎉 \u0001",["ключ","😀"]]'
}

@test "a subscription is read with its id in any spelling" {
	local id plain
	id=$(subscribe /ok)
	plain=${id//-/}
	for spelling in "${id^^}" "$plain" "%7B$id%7D" "urn:uuid:$id"; do
		request GET "/subscriptions/$spelling"
		assert_code 200
		assert_json .id "\"$id\""
	done
}

@test "an unknown subscription is 404" {
	for method in GET DELETE; do
		request $method /subscriptions/$NOBODY
		assert_code 404
		assert_json . '{"detail":"Subscription not found"}'
	done
	request PATCH /subscriptions/$NOBODY -d '{}'
	assert_code 404
	assert_json . '{"detail":"Subscription not found"}'
}

@test "PATCH changes only what is given" {
	create '{"target_url": "http://example.com/", "secret": "s",
	    "events": ["e"]}'
	local path
	path=/subscriptions/$(json .id)
	request PATCH "$path" -d '{}'
	assert_code 200
	assert_json '[.target_url, .secret, .events]' \
	    '["http://example.com/","s",["e"]]'
	request PATCH "$path" -d '{"secret": "t"}'
	assert_json '[.target_url, .secret, .events]' \
	    '["http://example.com/","t",["e"]]'
	request PATCH "$path" -d '{"target_url": "http://example.org"}'
	assert_json '[.target_url, .secret, .events]' \
	    '["http://example.org/","t",["e"]]'
	request PATCH "$path" -d '{"events": ["f", "g"]}'
	assert_json '[.target_url, .secret, .events]' \
	    '["http://example.org/","t",["f","g"]]'
	request GET "$path"
	assert_json '[.target_url, .secret, .events]' \
	    '["http://example.org/","t",["f","g"]]'
}

@test "PATCH with null clears secret and events" {
	create '{"target_url": "http://example.com/", "secret": "s",
	    "events": ["e"]}'
	local path
	path=/subscriptions/$(json .id)
	request PATCH "$path" -d '{"secret": null, "events": null}'
	assert_code 200
	assert_json '[.secret, .events]' '[null,null]'
	request GET "$path"
	assert_json '[.secret, .events]' '[null,null]'
}

@test "PATCH with a null target_url is 422 and changes nothing" {
	local id
	id=$(subscribe /ok s)
	request PATCH "/subscriptions/$id" -d '{"target_url": null, "secret": "t"}'
	assert_faults 1
	assert_fault url_type '["body","target_url"]' \
	    'URL input should be a string or URL'
	request GET "/subscriptions/$id"
	assert_json .secret '"s"'
}

@test "DELETE answers 204 with nothing, and 404 from then on" {
	local id
	id=$(subscribe /ok)
	request DELETE "/subscriptions/$id"
	assert_code 204
	[ -z "$body" ]
	for method in GET DELETE; do
		request $method "/subscriptions/$id"
		assert_code 404
	done
	request PATCH "/subscriptions/$id" -d '{"secret": "x"}'
	assert_code 404
	request POST "/ingest/$id" -d '{}'
	assert_code 404
	request GET '/subscriptions/?limit=1000'
	[ "$(jq --arg id "$id" 'any(.id == $id)' <<<"$body")" = false ]
}

@test "the list is in order of creation and turns pages" {
	local ids=() all number
	for number in 1 2 3 4; do ids+=("$(subscribe "/ok/$number")"); done
	request GET '/subscriptions/?limit=1000'
	assert_code 200
	all=$body
	[ "$(jq -r '.[-4:] | map(.id) | join(" ")' <<<"$all")" = "${ids[*]}" ]
	number=$(jq length <<<"$all")
	request GET "/subscriptions/?skip=$((number - 3))&limit=2"
	assert_code 200
	[ "$(json 'map(.id) | join(" ")')" = "${ids[1]} ${ids[2]}" ]
	request GET "/subscriptions/?skip=$number"
	assert_json . '[]'
	request GET '/subscriptions/?limit=0'
	assert_code 200
	assert_json . '[]'
}

@test "the list gives at most 100 unless asked, and 1000 when asked" {
	sql "INSERT INTO subscriptions (id, target_url) SELECT uuid_new(),
	    'http://example.com/many' FROM generate_series(1, 1010)"
	request GET /subscriptions/
	assert_json length 100
	request GET '/subscriptions/?limit=1000'
	assert_json length 1000
	sql "DELETE FROM subscriptions
	     WHERE target_url = 'http://example.com/many'"
}

@test "trailing slashes are forgiven, both ways" {
	local id
	request GET /subscriptions
	assert_code 200
	request POST /subscriptions -d '{"target_url": "http://example.com/"}'
	assert_code 201
	id=$(json .id)
	request GET "/subscriptions/$id/"
	assert_code 200
	request GET "/subscriptions/$id/attempts/"
	assert_code 200
	assert_json . '[]'
}

@test "HEAD answers as GET does, without a body" {
	local id
	id=$(subscribe /ok)
	run curl -s -I "$URL/subscriptions/$id"
	assert_line --partial '200'
	assert_line --regexp '^Content-Type: application/json'
	refute_output --partial target_url
}

@test "CORS: a preflight of an allowed origin is answered, another's is 400" {
	local origin=http://localhost:5173
	request OPTIONS /subscriptions/ -H "Origin: $origin" \
	    -H 'Access-Control-Request-Method: PATCH' \
	    -H 'Access-Control-Request-Headers: X-Anything'
	assert_code 200
	[ "$(header Access-Control-Allow-Origin)" = $origin ]
	[ "$(header Access-Control-Allow-Credentials)" = true ]
	[[ $(header Access-Control-Allow-Methods) == *PATCH* ]]
	[[ $(header Access-Control-Allow-Headers) == *X-Anything* ]]
	request GET /subscriptions/ -H "Origin: $origin"
	assert_code 200
	[ "$(header Access-Control-Allow-Origin)" = $origin ]
	request OPTIONS /subscriptions/ -H 'Origin: http://evil.example' \
	    -H 'Access-Control-Request-Method: GET'
	assert_code 400
	[[ $body == *'Disallowed CORS origin'* ]]
	[ -z "$(header Access-Control-Allow-Origin)" ]
}

@test "two hundred parallel creations all come to be, each with its own id" {
	local out=$BATS_TEST_TMPDIR/ids
	seq 200 | xargs -P 16 -I{} curl -s -X POST -d \
	    '{"target_url": "http://example.com/{}"}' \
	    -H 'Content-Type: application/json' \
	    "$URL/subscriptions/" -w '\n' >"$out"
	[ "$(jq -r .id "$out" | sort -u | wc -l)" = 200 ]
	[ "$(jq -r .target_url "$out" | sort -u | wc -l)" = 200 ]
}
