# Secrets at rest: what the disk holds, and the keys that open it.
load helper

KEYS=$STACK_VAR/secret.key

setup_file() {
	load helper
	cp -p "$KEYS" "$BATS_FILE_TMPDIR/secret.key"
	# What is written is what is looked for.
	redis CONFIG SET rdbcompression no
}

# Whatever a test did to the keys.
teardown() {
	cmp -s "$BATS_FILE_TMPDIR/secret.key" "$KEYS" && return
	set_keys "$(cat "$BATS_FILE_TMPDIR/secret.key")" \
	    "$(grep -vxFf "$BATS_FILE_TMPDIR/secret.key" "$KEYS")"
	stack exec postrider-admin secret-key reencrypt
	cp -p "$BATS_FILE_TMPDIR/secret.key" "$KEYS"
}

restart_worker() {
	stack part-stop worker
	stack part-start worker
	eventually 20 ready
}

admin() { stack exec postrider-admin "$@"; }

# set_keys LINE…: the key file, as its owner has it.
set_keys() {
	printf '%s\n' "$@" >"$KEYS.test"
	chown --reference="$KEYS" "$KEYS.test"
	chmod 0400 "$KEYS.test"
	mv "$KEYS.test" "$KEYS"
}

new_key() { head -c 32 /dev/urandom | base64; }
first_key() { head -n 1 "$KEYS" | cut -d' ' -f1; }

# signed SECRET PATH: all that arrived there has a signature by this secret.
signed() {
	arrivals "$2" | python3 -c '
import base64, hashlib, hmac, json, sys
secret = sys.argv[1]
key = (base64.b64decode(secret[6:]) if secret.startswith("whsec_")
       else secret.encode())
def fits(arrival):
    head = arrival["headers"]
    signed = b".".join([head["webhook-id"].encode(),
                        head["webhook-timestamp"].encode(),
                        base64.b64decode(arrival["body"])])
    want = "v1," + base64.b64encode(
        hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return want in head.get("webhook-signature", "").split(" ")
arrivals = json.load(sys.stdin)
sys.exit(not arrivals or not all(map(fits, arrivals)))' "$1"
}

# What waits for a key is due again a while later; a test has no time.
hurry() { sql "UPDATE pending SET due_at = now() - interval '3 seconds'
    WHERE lease IS NULL"; }

checkpoint() {
	psql -XqAt -h "$RUN" -U postgres -d postrider -c CHECKPOINT
}

logged() { grep -aF -- "$1" "$STACK_VAR/log/worker.log"; }

@test "no dump, no file of the database and no log holds a secret" {
	local id secret
	secret=plain-secret-$RANDOM$RANDOM
	id=$(subscribe "/ok/$secret-url" "$secret")
	request POST "/subscriptions/$id/secret/rotate"
	rotated=$(json .secret)
	request PATCH "/subscriptions/$id" -d "{\"secret\": \"$secret-2\"}"
	request POST "/subscriptions/$id/secret/rotate"
	ingest "$id" 1
	eventually 10 settled "$id"
	request GET "/subscriptions/$id"
	assert_code 200
	checkpoint
	redis SAVE
	pg_dump -h "$RUN" -U postrider postrider >"$BATS_TEST_TMPDIR/dump"
	# It would be found: the URL is.
	grep -qF "$secret-url" "$BATS_TEST_TMPDIR/dump"
	grep -qF "$secret-url" "$STACK_VAR/redis/dump.rdb"
	sed -i "s/$secret-url//g" "$BATS_TEST_TMPDIR/dump"
	for hidden in "$secret" "${rotated#whsec_}"; do
		run ! grep -F "$hidden" "$BATS_TEST_TMPDIR/dump"
		run ! grep -raF "$hidden" "$STACK_VAR/log"
	done
	for hidden in "$secret-2" "${rotated#whsec_}"; do
		run ! grep -raqF "$hidden" "$STACK_VAR/redis" \
		    "$STACK_VAR/postgresql"
	done
}

@test "the key file is for its owner alone, and never replaced" {
	[ "$(stat -c %a "$KEYS")" = 400 ]
	local before
	before=$(cat "$KEYS")
	run admin secret-key create
	assert_success
	[ "$(cat "$KEYS")" = "$before" ]
}

@test "a sealed secret does not open in another row" {
	local path from to webhook
	path=$(own /ok)
	from=$(subscribe /ok other)
	to=$(subscribe "$path" own-secret)
	sql "UPDATE subscriptions SET secrets = (SELECT secrets FROM
	    subscriptions WHERE id = '$from') WHERE id = '$to'"
	redis DEL "subscription:$to"
	request GET "/subscriptions/$to"
	assert_code 503
	webhook=$(ingest "$to" 1)
	eventually 10 logged "cannot sign, so webhooks wait subscription=$to"
	[ "$(arrivals "$path" | jq length)" = 0 ]
	request PATCH "/subscriptions/$to" -d '{"secret": "mended"}'
	assert_code 200
	hurry
	outcome 15 "$webhook" Success
	assert_json .total_attempts 1
	signed mended "$path"
}

@test "clear secrets of an older version are encrypted by migrate" {
	local id path
	path=$(own /ok)
	id=$(subscribe "$path")
	sql 'ALTER TABLE subscriptions ADD secret text'
	sql "UPDATE subscriptions SET secret = 'clear-of-old-77'
	    WHERE id = '$id'"
	run admin migrate
	assert_success
	assert_output --partial 'encrypted 1 secrets'
	run sql 'SELECT secret FROM subscriptions'
	assert_failure
	redis DEL "subscription:$id"
	request GET "/subscriptions/$id"
	assert_json .secret '"clear-of-old-77"'
	ingest "$id" 1
	eventually 10 arrived "$path" 1
	signed clear-of-old-77 "$path"
	checkpoint
	run ! grep -raqF clear-of-old-77 "$STACK_VAR/postgresql/base"
	run admin migrate
	assert_success
	refute_output --partial encrypted
}

@test "without a key migrate says what to do, and changes nothing" {
	local id
	id=$(subscribe /ok)
	sql 'ALTER TABLE subscriptions ADD secret text'
	sql "UPDATE subscriptions SET secret = 'still-clear' WHERE id = '$id'"
	run stack exec env SECRET_KEY_FILE="$STACK_VAR/none" \
	    postrider-admin migrate
	assert_failure 100
	assert_output --partial 'secret-key create'
	[ "$(sql "SELECT secret FROM subscriptions WHERE id = '$id'")" = \
	    still-clear ]
	run admin migrate
	assert_success
	redis DEL "subscription:$id"
	request GET "/subscriptions/$id"
	assert_json .secret '"still-clear"'
}

@test "the key rotates under load, and the old one can then be removed" {
	local path id other old sender
	path=$(own /ok)
	id=$(subscribe "$path" rotating)
	other=$(subscribe /ok second)
	old=$(first_key)
	for number in $(seq 60); do
		curl -s -o /dev/null "$URL/ingest/$id" -d "$number" || true
		sleep 0.05
	done 3>&- 4>&- &
	sender=$!
	run admin secret-key rotate
	assert_success
	assert_output --regexp "encrypted the secrets of [0-9]+ subscriptions"
	refute_output --partial "  $old  "
	[ "$(first_key)" != "$old" ]
	[ "$(grep -c . "$KEYS")" -ge 2 ]
	[ "$(sql "SELECT count(*) FROM subscriptions, unnest(secrets) AS s
	    WHERE split_part(s, '.', 2) <> '$(first_key)'")" = 0 ]
	wait $sender
	eventually 20 arrived "$path" 60
	signed rotating "$path"
	sed -i "/^$old /d" "$KEYS"
	request GET "/subscriptions/$other"
	assert_json .secret '"second"'
	ingest "$id" '"after"'
	eventually 10 arrived "$path" 61
	signed rotating "$path"
	[ "$(sql "SELECT count(*) FROM delivery_logs WHERE
	    subscription_id = '$id' AND outcome <> 'Success'")" = 0 ]
}

@test "reencrypt ends what a rotation began, and names what it cannot open" {
	local id
	id=$(subscribe /ok kept)
	set_keys "new-one $(new_key)" "$(cat "$KEYS")"
	run admin secret-key reencrypt
	assert_success
	assert_output --partial '  new-one  '
	set_keys "newest $(new_key)"
	run admin secret-key reencrypt
	assert_failure 111
	assert_output --partial "subscription $id: it is sealed with key new-one"
	run admin migrate
	assert_success
	assert_output --partial 'needs key new-one'
	sql "UPDATE subscriptions SET state = 'deleted', secrets = NULL,
	    ingest_secrets = NULL, verify_ingest = NULL"
}

# Another host, which has no new key yet, may store a secret of one that
# reencrypt has been at.
@test "reencrypt comes back for what was sealed with an old key meanwhile" {
	local first last old
	first=$(subscribe /ok first)
	last=$(subscribe /ok last)
	old=$(sql "SELECT secrets FROM subscriptions WHERE id = '$first'")
	sql "CREATE FUNCTION other_host() RETURNS trigger LANGUAGE plpgsql AS
	      \$\$ BEGIN UPDATE subscriptions SET secrets = '$old'
	        WHERE id = '$first'; RETURN NULL; END \$\$;
	    CREATE TRIGGER other_host AFTER UPDATE ON subscriptions FOR EACH ROW
	      WHEN (NEW.id = '$last') EXECUTE FUNCTION other_host()"
	run admin secret-key rotate
	sql 'DROP TRIGGER other_host ON subscriptions; DROP FUNCTION other_host'
	assert_success
	[ "$(sql "SELECT count(*) FROM subscriptions, unnest(secrets) AS s
	    WHERE split_part(s, '.', 2) <> '$(first_key)'")" = 0 ]
}

# as_row ID COLUMN SECRET: as an older version stored it, which judged nothing.
as_row() {
	local sealed
	sealed=$(python3 - "$(head -n 1 "$KEYS")" "$1" "$3" <<-'E'
		import base64, ctypes, ctypes.util, os, sys
		sodium = ctypes.CDLL("libsodium.so.23")
		id, key = sys.argv[1].split()
		bound = (f"postrider v1|subscription secret|{sys.argv[2]}|{id}"
		         ).encode()
		nonce, text = os.urandom(24), sys.argv[3].encode()
		out = ctypes.create_string_buffer(len(text) + 16)
		sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(out, None,
		    text, ctypes.c_ulonglong(len(text)), bound,
		    ctypes.c_ulonglong(len(bound)), None, nonce,
		    base64.b64decode(key))
		print(f"v1.{id}." + base64.urlsafe_b64encode(
		    nonce + out.raw).decode().rstrip("="))
		E
	)
	sql "UPDATE subscriptions SET $2 = ARRAY['$sealed'],
	    secrets_version = secrets_version + 1 WHERE id = '$1'"
	redis DEL "subscription:$1"
}

@test "check names what an older version took and this one would not" {
	local empty raw short both good
	sql "UPDATE subscriptions SET state = 'deleted', secrets = NULL,
	    ingest_secrets = NULL, verify_ingest = NULL"
	good=$(subscribe /ok whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw)
	run admin secret-key check
	assert_success
	assert_output 'all secrets are good'
	empty=$(subscribe /ok s) raw=$(subscribe /ok s)
	short=$(subscribe /ok s) both=$(subscribe /ok s)
	as_row "$empty" secrets whsec_
	as_row "$raw" secrets whsec_url-safe_
	as_row "$short" ingest_secrets fifteen-bytes-!
	as_row "$both" secrets one-secret-for-both-ways
	as_row "$both" ingest_secrets one-secret-for-both-ways
	run admin secret-key check
	assert_failure 1
	assert_line "$empty  secret: There is no key behind whsec_: add the \
base64 of one, or choose a secret that does not begin with whsec_"
	assert_line --partial "$raw  secret: Behind whsec_ there is URL-safe"
	assert_line --partial "$short  ingest_secret: The key has fewer than 16"
	assert_line --partial "$both  ingest_secret: Deliveries are signed with"
	assert_line --partial '4 secrets to set anew'
	refute_output --partial "$good"
	refute_output --partial one-secret
}

@test "with a key of no bytes in an old row nobody is the producer" {
	local id at signature
	id=$(subscribe /ok)
	request PATCH "/subscriptions/$id" \
	    -d '{"verify_ingest": "standard-webhooks"}'
	as_row "$id" ingest_secrets whsec_
	at=$(date +%s)
	signature=$(printf 'msg_1.%s.{}' "$at" |
	    openssl dgst -sha256 -hmac '' -binary | base64)
	request POST "/ingest/$id" -d '{}' -H 'webhook-id: msg_1' \
	    -H "webhook-timestamp: $at" -H "webhook-signature: v1,$signature"
	assert_code 401
}

# As of the version before: one secret for both directions.
@test "producers of an older version go on signing with the secret they have" {
	run_old() { sql "SET client_min_messages = warning; DROP SCHEMA IF EXISTS old CASCADE; CREATE SCHEMA old;
	    SET search_path = old; CREATE TABLE subscriptions (id int,
	      secrets text[], secrets_until timestamptz[],
	      secrets_version bigint DEFAULT 1, state text, verify_ingest text
	      CHECK (verify_ingest IN ('standard-webhooks',
	        'hmac-sha256-hex')));
	    INSERT INTO subscriptions VALUES
	      (1, '{b,a}', '{NULL,2030-01-01}', 1, 'active', 'hmac-sha256-hex'),
	      (2, '{c}', NULL, 1, 'active', NULL),
	      (3, '{\"\"}', NULL, 1, 'active', NULL),
	      (4, NULL, NULL, 1, 'deleted', NULL);
	    $(cat "$ROOT/src/migrations/0014_ingest_secrets.sql")
	    SELECT id, secrets, ingest_secrets, ingest_secrets_until IS NULL,
	      secrets_version FROM subscriptions ORDER BY id"; }
	run run_old
	assert_success
	assert_output '1|{b,a}|{b,a}|f|2
2|{c}||t|1
3|||t|1
4|||t|1'
	sql 'DROP SCHEMA old CASCADE'
}

@test "a rotation of the key seals ingest secrets anew too" {
	local id old
	id=$(subscribe /ok)
	request PATCH "/subscriptions/$id" -d '{"verify_ingest": "github",
	    "ingest_secret": "sixteen-bytes-and"}'
	request POST "/subscriptions/$id/ingest-secret/rotate"
	old=$(first_key)
	run admin secret-key rotate
	assert_success
	[ "$(sql "SELECT count(*) FROM subscriptions, unnest(ingest_secrets) AS s
	    WHERE split_part(s, '.', 2) = '$old'")" = 0 ]
	sed -i "/^$old /d" "$KEYS"
	request POST "/ingest/$id" -d '{}' -H "X-Hub-Signature-256: \
sha256=$(printf '{}' | openssl dgst -sha256 -hmac sixteen-bytes-and -r |
	    cut -d' ' -f1)"
	assert_code 202
}

# The worker was started anew with keys that open nothing; the log says why.
waits_for_the_key() {	# REASON
	local webhook
	webhook=$(ingest "$SIGNED" '"signed"')
	ingest "$OPEN" '"unsigned"'
	eventually 10 settled "$OPEN"
	eventually 10 logged "$1"
	request POST "/ingest/$PRODUCED" -d 1 -H 'X-Signature: 00'
	assert_code 503
	request POST "/ingest/$PRODUCED" -d '{' -H 'X-Signature: 00'
	assert_code 503
	request GET "/subscriptions/$SIGNED"
	assert_code 503
	[[ $body != *'"secret"'* ]]
	[ "$(arrivals "$SIGNED_PATH" | jq length)" = 0 ]
	[ "$(sql "SELECT attempts, retries, lease FROM pending
	    WHERE webhook_id = '$webhook'")" = '0|0|' ]
	cp -p "$BATS_FILE_TMPDIR/secret.key" "$KEYS"
	hurry
	outcome 15 "$webhook" Success
	assert_json .total_attempts 1
	signed signed-one "$SIGNED_PATH"
	request POST "/ingest/$PRODUCED" -d 1 -H 'X-Signature: 00'
	assert_code 401
	request GET "/subscriptions/$SIGNED"
	assert_json .secret '"signed-one"'
}

three_subscriptions() {
	SIGNED_PATH=$(own /ok/signed)
	SIGNED=$(subscribe "$SIGNED_PATH" signed-one)
	OPEN=$(subscribe /ok)
	request POST /subscriptions/ -d "{\"target_url\": \"$RECEIVER/ok\",
	    \"ingest_secret\": \"sixteen-bytes-and\", \"verify_ingest\": \"hmac-sha256-hex\"}"
	PRODUCED=$(json .id)
	redis DEL "subscription:$SIGNED" "subscription:$PRODUCED"
}

@test "without the key file signed webhooks wait, the rest goes on" {
	three_subscriptions
	rm "$KEYS"
	restart_worker
	request POST /subscriptions/ -d "{\"target_url\": \"$RECEIVER/ok\",
	    \"secret\": \"s\"}"
	assert_code 503
	waits_for_the_key "there is no key file $KEYS"
}

@test "with a wrong key nothing is sent unsigned, and no attempt is used" {
	three_subscriptions
	set_keys "$(first_key) $(new_key)"
	restart_worker
	waits_for_the_key "key $(first_key) of $KEYS does not fit"
}

@test "a key file that others may read, or a bad line, is refused" {
	local id key
	key=$(new_key)
	for mode in 0444 0404 0420 0640; do
		chmod $mode "$KEYS"
		run admin secret-key reencrypt
		[ $mode = 0640 ] || assert_failure 100
		[ $mode = 0640 ] || assert_output --partial 'is open to others'
	done
	assert_success
	for lines in 'a' 'a b' "a ${key:1}" "a.b $key" "a $key x" "a Ä${key:2}" '# nothing' '' \
	    "a $key"$'\n'"a $key"; do
		set_keys "$lines"
		run admin secret-key reencrypt
		assert_failure 100
		assert_output --partial "$KEYS"
		refute_output --partial "${key:1:20}"
	done
}

@test "root makes the file for a user, and rotates as its owner" {
	[ "$(id -u)" = 0 ] || skip 'only root can give a file away'
	local place=/run/postrider-keys-$$ file owner other
	rm -rf "$place"
	mkdir -m 755 "$place"	# root's own, as /etc/postrider is
	file=$place/secret.key
	owner=$(stat -c %U "$KEYS")
	other=$(subscribe /ok kept)
	by_root() { run env -u POSTRIDER_CONF SECRET_KEY_FILE="$file" "$@"; }
	by_root "$ROOT/$STACK_BUILD/bin/postrider-admin" secret-key create "$owner"
	assert_success
	[ "$(stat -c '%a %U' "$file")" = "400 $owner" ]
	by_root "$ROOT/$STACK_BUILD/bin/postrider-admin" secret-key create nobody-x
	assert_failure 100
	assert_output --partial 'there is no user nobody-x'
	cp -p "$KEYS" "$file"
	by_root "DATABASE_URL=$(sed -n 's/^DATABASE_URL=//p' \
	    "$STACK_VAR/postrider.conf")" \
	    "$ROOT/$STACK_BUILD/bin/postrider-admin" secret-key rotate
	assert_success
	[ "$(stat -c '%a %U' "$file")" = "400 $owner" ]
	cp -p "$file" "$KEYS"
	rm -r "$place"
	redis DEL "subscription:$other"
	request GET "/subscriptions/$other"
	assert_json .secret '"kept"'
}

@test "a file in the way stops a rotation, which then changed nothing" {
	local before
	before=$(cat "$KEYS")
	touch "$KEYS.new"
	run admin secret-key rotate
	assert_failure 100
	assert_output --partial "$KEYS.new is in the way"
	rm "$KEYS.new"
	[ "$(cat "$KEYS")" = "$before" ]
}

refuses_cores() {	# PID
	grep -qE '^Max core file size +0 +0 ' "/proc/$1/limits"
}

waits_and_refuses() {	# FILE-OF-PID PROGRAM
	local pid
	pid=$(cat "$1") && [ "/proc/$pid/exe" -ef "$2" ] && refuses_cores "$pid"
}

# A program that reads its settings from a pipe waits for them.
@test "no program leaves a core, from before it reads a password" {
	local program pipe=$RUN/settings pid bad=
	ulimit -c unlimited 2>/dev/null || skip 'no cores here in any case'
	make -s -C "$ROOT" build >/dev/null 3>&- 4>&-
	stack exec mkfifo "$pipe"
	for program in "$ROOT"/build/release/bin/* \
	    "$ROOT"/build/release/cgi-bin/*; do
		[[ $program != */postrider-admin ]] || program+=' migrate'
		# shellcheck disable=SC2086
		stack exec env POSTRIDER_CONF="$pipe" sh -c \
		    'echo $$ >"$0" && exec "$@"' "$pipe.pid" $program &
		pid=$!
		eventually 5 waits_and_refuses "$pipe.pid" "${program% *}" ||
			bad+=" $program"
		kill "$(cat "$pipe.pid")"
		wait $pid || true
		rm "$pipe.pid"
	done
	rm "$pipe"
	[ -z "$bad" ] || fail "these would leave one:$bad"
}

hidden() {	# ROLE: its processes are, from this stack's user too
	local pid some=
	for pid in $(pids "$1"); do
		[ "$(stat -c %U "/proc/$pid/environ")" = root ] || return 1
		refuses_cores "$pid" || return 1
		some=1
	done
	[ -n "$some" ]
}

# The sanitizers must look at themselves: this is of what runs elsewhere.
@test "what holds keys cannot be looked into, nor does it leave a core" {
	local release=$ROOT/build/release owner role
	make -s -C "$ROOT" build >/dev/null 3>&- 4>&-
	owner=$(stat -c %U "$RUN")
	stack part-stop worker
	CGI_DIR=$release/cgi-bin STACK_BUILD=$release stack part-start worker
	eventually 20 ready
	[ "$(stat -c %U "/proc/$(stack pid worker)/environ")" = "$owner" ]
	for role in api ingest admin delivery; do
		eventually 5 hidden $role
	done
	restart_worker
}
