#include "stores/webhook.h"

#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "stores/maintenance.h"
#include "stores/store.h"

#define PART_BYTES ((size_t)8 << 20) /* of payload in one statement */

/* The subscription is checked in the same statement: where it asks producers
 * to sign, only what was verified by its rule of now is stored. No events list
 * means every event, and a webhook without an event type goes to everyone.
 * LATERAL and LIMIT: see delivery_claim.c. */
#define ACCEPTED \
	"  SELECT i.*, i.event_type IS NOT NULL AND cardinality(s.events) > 0" \
	"    AND NOT i.event_type = ANY (s.events) AS excluded," \
	"    CASE WHEN s.verify_ingest IS NULL THEN i.verified_as = 0" \
	"      ELSE i.verified_as = s.secrets_version END AS verified"
#define ITS_SUBSCRIPTION \
	"    CROSS JOIN LATERAL (SELECT events, verify_ingest," \
	"      secrets_version FROM subscriptions" \
	"      WHERE id = i.subscription_id AND state <> 'deleted' LIMIT 1) s"

/* Webhook and outbox row in one statement and one commit. */
static const struct db_statement store_sql = { "webhook_store",
	"WITH accepted AS (" ACCEPTED
	"    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[],"
	"      $5::text[], $6::bytea[], $7::int8[], $8::int4[])"
	"      AS i (id, subscription_id, event_type, signature, content_type,"
	"      payload, verified_as, hops)" ITS_SUBSCRIPTION "), stored AS ("
	"  INSERT INTO webhooks (id, subscription_id, event_type, signature,"
	"    content_type, payload, filtered, hops)"
	"  SELECT id, subscription_id, event_type, signature, content_type,"
	"    payload, coalesce(excluded, false), hops FROM accepted WHERE verified"
	"), queued AS ("
	"  INSERT INTO pending (webhook_id, subscription_id, due_at)"
	"  SELECT id, subscription_id, now() FROM accepted"
	"   WHERE verified AND NOT coalesce(excluded, false)"
	")"
	" SELECT id, coalesce(excluded, false), verified FROM accepted" };

/* The same where a key is among them. The unique constraint decides who is
 * first: the upsert waits for a rival's commit, and gives back the row that
 * stands, changed only when it is a day old. Rivals lock in one order. */
static const struct db_statement store_keyed_sql = { "webhook_store_keyed",
	"WITH accepted AS (" ACCEPTED
	"    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[],"
	"      $5::text[], $6::bytea[], $7::int8[], $8::int4[], $9::text[],"
	"      $10::bytea[])"
	"      AS i (id, subscription_id, event_type, signature, content_type,"
	"      payload, verified_as, hops, key, fingerprint)" ITS_SUBSCRIPTION
	"), keyed AS ("
	"  INSERT INTO idempotency AS old (subscription_id, key, fingerprint,"
	"    webhook_id, accepted_at)"
	"  SELECT DISTINCT ON (subscription_id, key)"
	"    subscription_id, key, fingerprint, id, now()"
	"    FROM accepted WHERE key IS NOT NULL AND verified"
	"   ORDER BY subscription_id, key, id"
	"  ON CONFLICT (subscription_id, key) DO UPDATE"
	"  SET (fingerprint, webhook_id, accepted_at) = ("
	"    SELECT excluded.fingerprint, excluded.webhook_id,"
	"      excluded.accepted_at"
	"     WHERE old.accepted_at <= now() - interval '1 day'"
	"    UNION ALL"
	"    SELECT old.fingerprint, old.webhook_id, old.accepted_at"
	"     WHERE old.accepted_at > now() - interval '1 day')"
	"  RETURNING subscription_id, key, fingerprint, webhook_id"
	"), judged AS ("
	"  SELECT a.*, coalesce(k.webhook_id, a.id) AS stands,"
	"    coalesce(k.fingerprint <> a.fingerprint, false) AS clashed"
	"    FROM accepted a LEFT JOIN keyed k"
	"      ON k.subscription_id = a.subscription_id AND k.key = a.key"
	"), stored AS ("
	"  INSERT INTO webhooks (id, subscription_id, event_type, signature,"
	"    content_type, payload, filtered, hops)"
	"  SELECT id, subscription_id, event_type, signature, content_type,"
	"    payload, coalesce(excluded, false), hops FROM judged"
	"   WHERE id = stands AND verified"
	"), queued AS ("
	"  INSERT INTO pending (webhook_id, subscription_id, due_at)"
	"  SELECT id, subscription_id, now() FROM judged"
	"   WHERE id = stands AND verified AND NOT coalesce(excluded, false)"
	")"
	" SELECT id, coalesce(excluded, false), verified, stands, clashed"
	"  FROM judged" };

static const struct db_statement get_sql = { "webhook_get",
	"SELECT w.id, w.subscription_id, w.event_type, w.content_type,"
	"       s.target_url, s.state, length(w.payload), w.filtered,"
	"       p.webhook_id IS NOT NULL, p.due_at, p.lease IS NOT NULL,"
	"       p.attempts, i.cancelled_at IS NOT NULL, w.signature,"
	"       w.hops"
	"  FROM webhooks w"
	"  LEFT JOIN subscriptions s ON s.id = w.subscription_id"
	"  LEFT JOIN pending p ON p.webhook_id = w.id"
	"  LEFT JOIN interventions i ON i.webhook_id = w.id"
	" WHERE w.id = $1 AND w.id >= $2" };

static const struct db_statement payload_sql = { "webhook_payload",
	"SELECT payload FROM webhooks WHERE id = $1 AND id >= $2" };

static void
add_column(struct db_params *params, struct incoming *const *batch,
    size_t count, const char *(*column)(const struct incoming *))
{
	db_array_begin(params, DB_TEXT);
	for (size_t i = 0; i < count; i++)
		db_array_string(params, column(batch[i]));
	db_array_end(params);
}

static const char *
event_type_of(const struct incoming *incoming)
{
	return incoming->event_type;
}

static const char *
signature_of(const struct incoming *incoming)
{
	return incoming->signature;
}

bool
webhook_event_type_fits(const char *type)
{
	size_t length = strlen(type);

	return length != 0 && type[0] != ' ' && type[length - 1] != ' ' &&
	    text_is_clean(type, length);
}

static const char *
content_type_of(const struct incoming *incoming)
{
	return incoming->content_type;
}

static bool
has_key(const struct incoming *incoming)
{
	return incoming->key != NULL || incoming->once[0] != '\0';
}

/* What is read from signed requests has a name in front that no
 * Idempotency-Key can have, for its control byte. */
static void
add_key(struct db_params *params, const struct incoming *incoming)
{
	struct text key = { 0 };

	if (incoming->once[0] == '\0') {
		db_array_string(params, incoming->key);
		return;
	}
	text_addf(&key, "\001%s:%s", signed_field_name(incoming->once_field),
	    incoming->once);
	db_array_string(params, key.bytes);
	text_free(&key);
}

static void
add_keys(struct db_params *params, struct incoming *const *batch, size_t count)
{
	db_array_begin(params, DB_TEXT);
	for (size_t i = 0; i < count; i++)
		add_key(params, batch[i]);
	db_array_end(params);
	db_array_begin(params, DB_BYTEA);
	for (size_t i = 0; i < count; i++)
		if (!has_key(batch[i]))
			db_array_null(params);
		else
			db_array_bytes(params, batch[i]->fingerprint,
			    sizeof(batch[i]->fingerprint));
	db_array_end(params);
}

static bool
any_key(struct incoming *const *batch, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (has_key(batch[i]))
			return true;
	return false;
}

static void
add_batch(struct db_params *params, struct incoming *const *batch, size_t count)
{
	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++)
		db_array_uuid(params, &batch[i]->id);
	db_array_end(params);
	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++)
		db_array_uuid(params, &batch[i]->subscription_id);
	db_array_end(params);
	add_column(params, batch, count, event_type_of);
	add_column(params, batch, count, signature_of);
	add_column(params, batch, count, content_type_of);
	db_array_begin(params, DB_BYTEA);
	for (size_t i = 0; i < count; i++)
		db_array_bytes(
		    params, batch[i]->payload, batch[i]->payload_length);
	db_array_end(params);
	db_array_begin(params, DB_INT8);
	for (size_t i = 0; i < count; i++)
		db_array_long(params, batch[i]->verified_as);
	db_array_end(params);
	db_array_begin(params, DB_INT4);
	for (size_t i = 0; i < count; i++)
		db_array_int(params, batch[i]->hops);
	db_array_end(params);
}

/* With keys, the row that stands may be another's. */
static void
note_row(struct db *db, int row, bool keyed, struct incoming *incoming)
{
	struct uuid stands = keyed ? db_get_uuid(db, row, 3) : incoming->id;

	if (!db_get_bool(db, row, 2))
		incoming->result = INCOMING_UNVERIFIED;
	else if (uuid_compare(&stands, &incoming->id) != 0) {
		incoming->result = db_get_bool(db, row, 4) ? INCOMING_CLASHED
							   : INCOMING_REPEATED;
		incoming->id = stands;
	} else
		incoming->result = db_get_bool(db, row, 1) ? INCOMING_FILTERED
							   : INCOMING_PENDING;
}

/* Ids of one batch rise, and so do the rows of the answer in general; a
 * search from where the last one was found is one step a row. */
static void
note_answer(
    struct db *db, struct incoming *const *batch, size_t count, bool keyed)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		batch[i]->result = INCOMING_UNKNOWN;
	for (int row = 0; row < db_rows(db); row++) {
		struct uuid id = db_get_uuid(db, row, 0);

		for (size_t i = 0; i < count; i++, at++)
			if (uuid_compare(&batch[at % count]->id, &id) == 0 &&
			    batch[at % count]->result == INCOMING_UNKNOWN)
				break;
		note_row(db, row, keyed, batch[at++ % count]);
	}
}

static int
store_batch(
    struct db *db, struct incoming *const *batch, size_t count, int64_t end_ms)
{
	struct db_params *params = db_params(db);
	bool keyed = any_key(batch, count);

	add_batch(params, batch, count);
	if (keyed)
		add_keys(params, batch, count);
	if (store_run_until(db, keyed ? &store_keyed_sql : &store_sql, params,
		end_ms) == -1)
		return -1;
	note_answer(db, batch, count, keyed);
	return 0;
}

/* How many of them go into one statement: so many bytes, or one. */
static size_t
part_of(struct incoming *const *batch, size_t count)
{
	size_t some = 0, bytes = 0;

	while (some < count &&
	    (some == 0 || bytes + batch[some]->payload_length <= PART_BYTES))
		bytes += batch[some++]->payload_length;
	return some;
}

static void
store_part(struct db *db, struct incoming *const *batch, size_t count)
{
	int64_t end_ms = clock_monotonic_ms() + STORE_DEADLINE_MS;

	if (store_batch(db, batch, count, end_ms) == 0 || count == 1)
		return;
	for (size_t i = 0; i < count && db_error(db) != DB_GONE; i++)
		if (store_batch(db, &batch[i], 1, end_ms) == -1)
			batch[i]->result = INCOMING_FAILED;
}

void
webhook_store(struct db *db, struct incoming *const *batch, size_t count)
{
	size_t done = 0, some;

	for (size_t i = 0; i < count; i++)
		batch[i]->result = INCOMING_FAILED;
	if (count == 0 || maintenance_keep_clock(db) == -1)
		return;
	for (size_t i = 0; i < count; i++)
		batch[i]->id = uuid_new();
	do {
		some = part_of(batch + done, count - done);
		store_part(db, batch + done, some);
		done += some;
	} while (done < count && db_error(db) != DB_GONE);
}

int
webhook_get(struct db *db, const struct uuid *id, struct webhook *found)
{
	struct db_params *params = db_params(db);
	struct uuid oldest = store_oldest_shown();

	db_add_uuid(params, id);
	db_add_uuid(params, &oldest);
	if (store_run(db, &get_sql, params) == -1)
		return -1;
	if (db_rows(db) == 0)
		return 0;
	*found = (struct webhook){
		.id = db_get_uuid(db, 0, 0),
		.subscription_id = db_get_uuid(db, 0, 1),
		.event_type = memory_copy_string(db_get_string(db, 0, 2)),
		.content_type = memory_copy_string(db_get_string(db, 0, 3)),
		.target_url = memory_copy_string(db_get_string(db, 0, 4)),
		.subscription_state =
		    memory_copy_string(db_get_string(db, 0, 5)),
		.payload_length = (size_t)db_get_long(db, 0, 6),
		.accepted_at = uuid_ms(id),
		.filtered = db_get_bool(db, 0, 7),
		.pending = db_get_bool(db, 0, 8),
		.due_at = db_get_time(db, 0, 9),
		.in_flight = db_get_bool(db, 0, 10),
		.attempts = (int)db_get_long(db, 0, 11),
		.cancelled = db_get_bool(db, 0, 12),
		.signature = memory_copy_string(db_get_string(db, 0, 13)),
		.hops = (int)db_get_long(db, 0, 14),
	};
	return 1;
}

void
webhook_release(struct webhook *webhook)
{
	if (webhook == NULL)
		return;
	free(webhook->event_type);
	free(webhook->content_type);
	free(webhook->target_url);
	free(webhook->subscription_state);
	free(webhook->signature);
	*webhook = (struct webhook){ 0 };
}

int
webhook_payload(
    struct db *db, const struct uuid *id, char **payload, size_t *length)
{
	struct db_params *params = db_params(db);
	struct uuid oldest = store_oldest_shown();
	const void *bytes;

	db_add_uuid(params, id);
	db_add_uuid(params, &oldest);
	if (store_run(db, &payload_sql, params) == -1)
		return -1;
	if (db_rows(db) == 0)
		return 0;
	bytes = db_get_bytes(db, 0, 0, length);
	*payload = memory_copy(bytes, *length);
	return 1;
}
