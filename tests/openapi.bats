# openapi.json: what others make of it works.
load helper

SPEC=$ROOT/htdocs/openapi.json

setup_file() {
	load helper
	node_modules "$BATS_TEST_DIRNAME/openapi"
	python_modules
}

in_openapi() { (cd "$BATS_TEST_DIRNAME/openapi" && "$@" 3>&- 4>&-); }

@test "Redocly's and Spectral's rules find nothing" {
	run in_openapi node lint.js "$SPEC"
	assert_output ''
	assert_success
}

@test "each example fits its schema" {
	local wrong=$BATS_TEST_TMPDIR/openapi.json
	run "$PYTHON" "$BATS_TEST_DIRNAME/openapi/examples.py" "$SPEC"
	assert_output --regexp '^[0-9]{2,} examples$'
	jq '.components.schemas.Attempt.examples[0].attempt_number = "one"' \
	    "$SPEC" >"$wrong"
	run "$PYTHON" "$BATS_TEST_DIRNAME/openapi/examples.py" "$wrong"
	assert_output --partial "/Attempt: 'one' is not of type 'integer'"
}

@test "a generated Python client runs the main flow, and each answer is as described" {
	local client=$BATS_TEST_TMPDIR/client
	mkdir "$client"
	echo 'post_hooks: []' >"$client/config.yml"
	run "$PYTHON" -m openapi_python_client generate --path "$SPEC" \
	    --meta none --fail-on-warning --config "$client/config.yml" \
	    --output-path "$client/postrider_client" 3>&- 4>&-
	assert_success
	refute_output --regexp '[Ww]arning|ERROR'
	run env PYTHONPATH="$client" "$PYTHON" \
	    "$BATS_TEST_DIRNAME/openapi/client.py" "$SPEC" "$URL" \
	    "$RECEIVER$(own /ok)" "$RECEIVER$(own /status/503)" 3>&- 4>&-
	assert_success
}

@test "the types of openapi-typescript fit, and what is made of them runs" {
	local out=$BATS_TEST_TMPDIR/types
	mkdir "$out"
	cp "$BATS_TEST_DIRNAME/openapi/flow.ts" "$out/"
	echo '{"type": "module"}' >"$out/package.json"
	in_openapi node node_modules/openapi-typescript/bin/cli.js "$SPEC" \
	    -o "$out/postrider.ts" >"$out/said" 2>&1
	cat >>"$out/flow.ts" <<<'declare var process: { argv: string[] };'
	run in_openapi node node_modules/typescript/bin/tsc --strict \
	    --target es2022 --module nodenext --lib es2022,dom \
	    --skipLibCheck "$out/flow.ts"
	assert_output ''
	run node "$out/flow.js" "$URL" "$RECEIVER$(own /ok)"
	assert_output true
}

# What Go's generators (oapi-codegen, ogen) cannot read, or read otherwise.
@test "each schema has one type, and each enum says which" {
	run jq -c 'path(.. | objects | select((.type | type) == "array" or
	    has("const") or has("nullable") or
	    (has("enum") and (.type | type) != "string")))' "$SPEC"
	assert_output ''
}

@test "every operation describes 405, 414, 500 and the rest, with X-Request-Id" {
	run jq -r '. as $all |
	    def resolve: if has("$ref") then (.["$ref"] / "/") as $at |
		$all.components[$at[2]][$at[3]] else . end;
	    .paths[] | to_entries[] | select(.key != "parameters") | .value |
	    .operationId as $id | .responses |
	    (["405", "414", "500", "default"] - keys | .[] | "\($id) \(.)"),
	    (to_entries[] | select(.value | resolve |
		.headers["X-Request-Id"] == null) | "\($id) \(.key) id")' "$SPEC"
	assert_output ''
}

@test "every parameter, schema and property has a description" {
	run jq -r '. as $all |
	    (.components.schemas | to_entries[] | .key as $name | .value |
		(select(.description == null) | $name),
		(.properties // {} | to_entries[] |
		    select(.value.description == null and
			.value["$ref"] == null) | "\($name).\(.key)")),
	    (.components.parameters[] | select(.description == null) | .name),
	    (.paths[] | to_entries[] | select(.key != "parameters") | .value |
		.operationId as $id | (select(.description == null) | $id),
		(.parameters // [] | .[] | select(.description == null and
		    .["$ref"] == null) | "\($id) \(.name)"))' "$SPEC"
	assert_output ''
}

@test "a receiver gets what the section webhooks says" {
	local path subscription names
	path=$(own /ok)
	subscription=$(subscribe "$path" a-secret)
	ingest "$subscription" '{"a": 1}' -H 'X-Event-Type: t' \
	    -H 'X-Signature: s' >/dev/null
	eventually 10 arrived "$path" 1
	names=$(jq -r '.webhooks.event.post.parameters[].name |
	    ascii_downcase' "$SPEC" | sort)
	[ "$(arrivals "$path" | jq -r '.[0].headers | keys[] | ascii_downcase' |
	    grep -vxE 'host|user-agent|accept|content-type|content-length' |
	    sort)" = "$names" ] || fail "$(arrivals "$path" | jq '.[0].headers')"
}
