/* Claim and settle: what the delivery loop begins and carries on with
 * db_step. */
#include "stores/delivery.h"

#include <stdlib.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "stores/delivery_lease.h"
#include "stores/keyring.h"
#include "stores/store.h"

#define DEADLINE_MS 5000

/* Generic plans live as long as a connection, and are often made while the
 * outbox is empty, when any join over it looks cheap. So it is reached by
 * "= ANY" and LATERAL ... LIMIT alone: an index probe a row, whatever the
 * planner believes (a join was seen to take 97 s on 300,000 rows). */

/* Commits before the first byte is sent. What was asked for and not taken
 * says why: early (with its time), or nothing to do. What has lost its
 * payload to the purge is not taken: it would be sent empty. */
static const struct db_statement claim_sql = { "delivery_claim",
	"WITH wanted AS (SELECT DISTINCT id FROM unnest($1::uuid[]) AS w (id)"
	"), free AS ("
	"  SELECT p.webhook_id FROM pending p"
	"   WHERE p.webhook_id = ANY ($1) AND p.lease IS NULL"
	"     AND p.due_at <= clock_timestamp()"
	"     AND (SELECT s.state FROM subscriptions s"
	"           WHERE s.id = p.subscription_id) = 'active'"
	"     AND (SELECT true FROM webhooks w WHERE w.id = p.webhook_id"
	"           AND w.id >= $3 AND w.id <= $4)"
	"   ORDER BY p.webhook_id FOR UPDATE OF p SKIP LOCKED"
	"), claimed AS ("
	"  UPDATE pending p SET lease = $2"
	"   WHERE p.webhook_id = ANY (ARRAY(SELECT webhook_id FROM free))"
	"  RETURNING p.webhook_id, p.attempts, p.retries, p.interruptions"
	")"
	" SELECT wanted.id, c.webhook_id IS NOT NULL,"
	"   p.lease IS NULL AND s.state = 'active' AND"
	"     p.due_at > clock_timestamp() - interval '1 second',"
	"   p.due_at, p.subscription_id, c.attempts, c.retries,"
	"   c.interruptions, s.target_url, " STORE_SECRETS ","
	"   w.event_type,"
	"   w.signature, w.content_type, w.payload"
	"  FROM wanted"
	"  LEFT JOIN claimed c ON c.webhook_id = wanted.id"
	"  LEFT JOIN LATERAL (SELECT * FROM pending"
	"    WHERE webhook_id = wanted.id LIMIT 1) p ON true"
	"  LEFT JOIN LATERAL (SELECT * FROM subscriptions"
	"    WHERE id = p.subscription_id LIMIT 1) s ON true"
	"  LEFT JOIN LATERAL (SELECT * FROM webhooks"
	"    WHERE id = c.webhook_id AND id >= $3 AND id <= $4 LIMIT 1) w"
	"    ON true" };

/* One probe a subscription, not a scan of the due: a backlog of one hides
 * nobody else. */
static const struct db_statement pick_sql = { "delivery_pick",
	"WITH RECURSIVE holders AS ("
	"  (SELECT subscription_id AS id FROM pending"
	"    ORDER BY subscription_id LIMIT 1)"
	"  UNION ALL"
	"  SELECT (SELECT p.subscription_id FROM pending p"
	"           WHERE p.subscription_id > holders.id"
	"           ORDER BY p.subscription_id LIMIT 1)"
	"    FROM holders WHERE holders.id IS NOT NULL"
	")"
	" SELECT free.webhook_id, s.id FROM holders"
	"  CROSS JOIN LATERAL (SELECT id FROM subscriptions"
	"    WHERE id = holders.id AND state = 'active' LIMIT 1) s"
	"  CROSS JOIN LATERAL ("
	"    SELECT p.webhook_id FROM pending p"
	"     WHERE p.subscription_id = s.id AND p.lease IS NULL"
	"       AND p.due_at <= clock_timestamp()"
	"     ORDER BY p.due_at LIMIT $2) free"
	" ORDER BY random() LIMIT $1" };

/* Of a subscription since its last success, those of the batch counted. */
#define FAILURES "s.failures + t.attempts + t.failures"
#define HOPELESS \
	"$16::int4 > 0 AND t.successes = 0 AND " FAILURES " >= 20 AND" \
	" s.failing_since <= now() - $16::int4 * interval '1 hour'"

/* The delay counts, not the time: when this clock stepped since it was read
 * ($15 is what the worker takes for now), due times go along. No statement
 * takes 5 s. Locks in one order, so that two batches cannot wait for each
 * other. Only the statement that deleted the pending row writes a final
 * outcome; a log row that is there already means that our own lost COMMIT
 * had arrived: a success of then must not end a round opened since. */
static const struct db_statement settle_sql = { "delivery_settle",
	"WITH results AS ("
	"  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[],"
	"    $4::uuid[], $5::text[], $6::int4[], $7::int4[],"
	"    $8::timestamptz[], $9::int4[], $10::text[], $11::int4[],"
	"    $12::text[], $13::bytea[], $14::bool[]) AS r (log_id, webhook_id,"
	"    subscription_id, lease, target_url, attempt_number, kind, due_at,"
	"    status_code, error, duration_ms, response_headers,"
	"    response_body, disable)"
	"), held AS ("
	"  SELECT webhook_id FROM pending WHERE webhook_id = ANY ($2)"
	"   ORDER BY webhook_id FOR UPDATE"
	"), ended AS ("
	"  DELETE FROM pending p USING results r"
	"   WHERE p.webhook_id = ANY (ARRAY(SELECT webhook_id FROM held))"
	"     AND p.webhook_id = r.webhook_id"
	"     AND (p.lease = r.lease AND r.kind IN (0, 2) OR r.kind = 0 AND"
	"       (SELECT d.id FROM delivery_logs d WHERE d.id = r.log_id) IS NULL)"
	"  RETURNING r.log_id, p.attempts + 1 AS attempts"
	"), retried AS ("
	"  UPDATE pending p SET lease = NULL, due_at = r.due_at +"
	"      CASE WHEN now() - $15 NOT BETWEEN interval '-5 seconds'"
	"        AND interval '5 seconds' THEN now() - $15"
	"        ELSE interval '0' END,"
	"    attempts = p.attempts + 1, retries = p.retries + 1,"
	"    interruptions = 0"
	"    FROM results r"
	"   WHERE p.webhook_id = ANY (ARRAY(SELECT webhook_id FROM held))"
	"     AND p.webhook_id = r.webhook_id"
	"     AND r.kind = 1 AND p.lease = r.lease"
	"  RETURNING r.log_id, p.attempts"
	"), moved AS ("
	"  SELECT log_id, attempts, true AS final FROM ended UNION ALL"
	"  SELECT log_id, attempts, false FROM retried"
	"), logged AS ("
	"  INSERT INTO delivery_logs (id, webhook_id, subscription_id,"
	"    target_url, attempt_number, outcome, final, status_code, error,"
	"    duration_ms, response_headers, response_body)"
	"  SELECT r.log_id, r.webhook_id, r.subscription_id, r.target_url,"
	"    coalesce(m.attempts, r.attempt_number),"
	"    CASE WHEN NOT coalesce(m.final, false) THEN 'Failed Attempt'"
	"      WHEN r.kind = 0 THEN 'Success' ELSE 'Failure' END,"
	"    coalesce(m.final, false), r.status_code,"
	"    CASE WHEN m.log_id IS NOT NULL THEN r.error"
	"      ELSE 'late: ' || coalesce(r.error, 'HTTP ' || r.status_code)"
	"    END, r.duration_ms, r.response_headers, r.response_body"
	"    FROM results r LEFT JOIN moved m ON m.log_id = r.log_id"
	"  ON CONFLICT DO NOTHING RETURNING id, subscription_id, outcome, final"
	"), tally AS ("
	"  SELECT l.subscription_id,"
	"    count(*) FILTER (WHERE outcome = 'Success') AS successes,"
	"    count(*) FILTER (WHERE outcome = 'Failed Attempt') AS attempts,"
	"    count(*) FILTER (WHERE outcome = 'Failure') AS failures,"
	"    bool_or(r.disable AND l.final) AS gone"
	"    FROM logged l JOIN results r ON r.log_id = l.id GROUP BY 1"
	"), counted AS ("
	"  INSERT INTO stats (subscription_id, quarter, successes,"
	"    failed_attempts, failures)"
	"  SELECT subscription_id, date_bin('15 minutes', now(),"
	"    '2000-01-01T00:00:00Z'), successes, attempts, failures"
	"    FROM tally ORDER BY 1"
	"  ON CONFLICT (subscription_id, quarter) DO UPDATE SET"
	"    successes = stats.successes + excluded.successes,"
	"    failed_attempts = stats.failed_attempts +"
	"      excluded.failed_attempts,"
	"    failures = stats.failures + excluded.failures"
	"  RETURNING subscription_id"
	"), felt AS ("
	"  UPDATE subscriptions s SET"
	"    failing_since = CASE WHEN t.successes = 0"
	"      THEN coalesce(s.failing_since, now()) END,"
	"    failures = CASE WHEN t.successes = 0"
	"      THEN " FAILURES " ELSE 0 END,"
	"    state = CASE WHEN s.state = 'active' AND (t.gone OR " HOPELESS ")"
	"      THEN 'disabled' ELSE s.state END,"
	"    state_reason = CASE WHEN s.state <> 'active' THEN s.state_reason"
	"      WHEN t.gone THEN"
	"        'the receiver answered 410 Gone: it wants no more webhooks'"
	"      WHEN " HOPELESS " THEN 'no attempt succeeded for '"
	"        || $16::int4 || ' hours, and ' || " FAILURES " || ' failed'"
	"      ELSE s.state_reason END"
	"    FROM tally t"
	"   WHERE s.id = ANY (ARRAY(SELECT subscription_id FROM counted))"
	"     AND s.id = t.subscription_id"
	"     AND (t.successes = 0 OR t.gone OR s.failing_since IS NOT NULL)"
	"  RETURNING s.id, s.state"
	")"
	" SELECT (SELECT count(*) FROM results) - (SELECT count(*) FROM moved),"
	"   f.id FROM (VALUES (1)) AS one"
	"  LEFT JOIN felt f ON f.state = 'disabled'" };

int
claimed_open(struct claimed *claimed)
{
	int count = claimed->secrets_count;

	claimed->secrets = memory_get((size_t)count * sizeof(char *));
	for (int i = 0; i < count; i++) {
		claimed->secrets[i] = keyring_open(
		    &claimed->subscription_id, claimed->sealed_secrets[i]);
		if (claimed->secrets[i] == NULL) {
			claimed_seal(claimed);
			return -1;
		}
	}
	return 0;
}

void
claimed_seal(struct claimed *claimed)
{
	if (claimed->secrets == NULL)
		return;
	for (int i = 0; i < claimed->secrets_count; i++)
		seal_forget(claimed->secrets[i]);
	free(claimed->secrets);
	claimed->secrets = NULL;
}

void
claimed_release(struct claimed *claimed)
{
	if (claimed == NULL)
		return;
	free(claimed->target_url);
	claimed_seal(claimed);
	free(claimed->sealed_secrets);
	free(claimed->event_type);
	free(claimed->signature);
	free(claimed->content_type);
	free(claimed->payload);
	*claimed = (struct claimed){ 0 };
}

int
delivery_claim_start(
    struct db *db, const struct uuid *ids, size_t count, struct lease lease)
{
	struct db_params *params = db_params(db);
	struct uuid token = lease_uuid(lease);
	struct uuid least = ids[0], most = ids[0];

	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++) {
		db_array_uuid(params, &ids[i]);
		if (uuid_compare(&ids[i], &least) < 0)
			least = ids[i];
		if (uuid_compare(&ids[i], &most) > 0)
			most = ids[i];
	}
	db_array_end(params);
	db_add_uuid(params, &token);
	db_add_uuid(params, &least);
	db_add_uuid(params, &most);
	return db_start(db, &claim_sql, params, DEADLINE_MS);
}

static struct claimed *
claimed_read(struct db *db, int row, struct lease lease)
{
	struct claimed *claimed = memory_get(sizeof(*claimed));
	const void *payload =
	    db_get_bytes(db, row, 13, &claimed->payload_length);

	claimed->webhook_id = db_get_uuid(db, row, 0);
	claimed->subscription_id = db_get_uuid(db, row, 4);
	claimed->lease = lease;
	claimed->attempt_number = (int)db_get_long(db, row, 5) + 1;
	claimed->retries_used = (int)db_get_long(db, row, 6);
	claimed->interruptions = (int)db_get_long(db, row, 7);
	claimed->target_url = memory_copy_string(db_get_string(db, row, 8));
	claimed->sealed_secrets =
	    db_get_strings(db, row, 9, &claimed->secrets_count);
	claimed->event_type = memory_copy_string(db_get_string(db, row, 10));
	claimed->signature = memory_copy_string(db_get_string(db, row, 11));
	claimed->content_type = memory_copy_string(db_get_string(db, row, 12));
	claimed->payload = memory_copy(payload, claimed->payload_length);
	return claimed;
}

size_t
delivery_claim_finish(
    struct db *db, struct lease lease, struct claim_answer **answers)
{
	int rows = db_rows(db);
	struct claim_answer *answer;

	*answers = memory_get((size_t)rows * sizeof(**answers));
	for (int row = 0; row < rows; row++) {
		answer = &(*answers)[row];
		answer->webhook_id = db_get_uuid(db, row, 0);
		answer->subscription_id = db_get_uuid(db, row, 4);
		answer->kind = CLAIM_NOTHING;
		if (db_get_bool(db, row, 1)) {
			answer->kind = CLAIM_TAKEN;
			answer->claimed = claimed_read(db, row, lease);
		} else if (db_get_bool(db, row, 2)) {
			/* rounded up: a time cut short would be early again */
			answer->kind = CLAIM_EARLY;
			answer->due_at = db_get_time(db, row, 3) + 1;
		}
	}
	return (size_t)rows;
}

int
delivery_pick_start(struct db *db, size_t count, int64_t window)
{
	struct db_params *params = db_params(db);

	db_add_long(params, (int64_t)count);
	db_add_long(params, window);
	return db_start(db, &pick_sql, params, DEADLINE_MS);
}

size_t
delivery_pick_finish(struct db *db, struct picked **picked)
{
	int rows = db_rows(db);

	*picked = memory_get((size_t)rows * sizeof(**picked));
	for (int row = 0; row < rows; row++)
		(*picked)[row] = (struct picked){
			.webhook_id = db_get_uuid(db, row, 0),
			.subscription_id = db_get_uuid(db, row, 1),
		};
	return (size_t)rows;
}

/* One column of the results: its type, and how an element is added. */
#define COLUMN(type, add) \
	do { \
		db_array_begin(params, type); \
		for (size_t i = 0; i < count; i++) { \
			const struct result *r = results[i]; \
			add; \
		} \
		db_array_end(params); \
	} while (0)

static void
add_token(struct db_params *params, struct lease lease)
{
	struct uuid token = lease_uuid(lease);

	db_array_uuid(params, &token);
}

static void
add_status(struct db_params *params, int status)
{
	if (status == 0)
		db_array_null(params);
	else
		db_array_int(params, status);
}

int
delivery_settle_start(
    struct db *db, const struct result *const *results, size_t count)
{
	struct db_params *params = db_params(db);

	COLUMN(DB_UUID, db_array_uuid(params, &r->log_id));
	COLUMN(DB_UUID, db_array_uuid(params, &r->webhook_id));
	COLUMN(DB_UUID, db_array_uuid(params, &r->subscription_id));
	COLUMN(DB_UUID, add_token(params, r->lease));
	COLUMN(DB_TEXT, db_array_string(params, r->target_url));
	COLUMN(DB_INT4, db_array_int(params, r->attempt_number));
	COLUMN(DB_INT4, db_array_int(params, (int32_t)r->kind));
	COLUMN(DB_TIMESTAMPTZ, db_array_time(params, r->due_at));
	COLUMN(DB_INT4, add_status(params, r->status_code));
	COLUMN(DB_TEXT, db_array_string(params, r->error));
	COLUMN(DB_INT4, db_array_int(params, (int32_t)r->duration_ms));
	COLUMN(DB_TEXT, db_array_string(params, r->response_headers));
	COLUMN(DB_BYTEA,
	    db_array_bytes(params, r->response_body, r->response_body_length));
	COLUMN(DB_BOOL, db_array_bool(params, r->disable));
	db_add_time(params, clock_database_ms());
	db_add_int(params, (int32_t)config.disable_after_hours);
	return db_start(db, &settle_sql, params, DEADLINE_MS);
}

size_t
delivery_settle_finish(struct db *db)
{
	return db_rows(db) == 0 ? 0 : (size_t)db_get_long(db, 0, 0);
}

size_t
delivery_settle_disabled(struct db *db, struct uuid **ids)
{
	int rows = db_rows(db);
	size_t count = 0;

	*ids = memory_get((size_t)rows * sizeof(**ids));
	for (int row = 0; row < rows; row++)
		if (!db_is_null(db, row, 1))
			(*ids)[count++] = db_get_uuid(db, row, 1);
	return count;
}
