/* Settle: what became of a batch of attempts, in one statement. How it
 * reaches its rows is told in delivery_claim.c. */
#include "stores/delivery.h"

#include <stdlib.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "stores/delivery_lease.h"
#include "stores/stats.h"
#include "stores/store.h"

/* Of a subscription since its last success, those of the batch counted. */
#define FAILURES "s.failures + t.attempts + t.failures"
#define HOPELESS \
	"$16::int4 > 0 AND t.successes = 0 AND " FAILURES " >= 20 AND" \
	" s.failing_since <= now() - $16::int4 * interval '1 hour'"

#define TALLIED STATS_TALLY("l.duration_ms")
#define SUMMED STATS_SUM("stats.latency", "excluded.latency")

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
	"    $12::text[], $13::bytea[], $14::bool[], $17::int4[], $18::int4[],"
	"    $19::int4[], $20::int4[], $21::text[]) AS r (log_id, webhook_id,"
	"    subscription_id, lease, target_url, attempt_number, kind, due_at,"
	"    status_code, error, duration_ms, response_headers,"
	"    response_body, disable, dns_us, connect_us, tls_us,"
	"    first_byte_us, signatures)"
	"), held AS ("
	"  SELECT webhook_id FROM pending WHERE webhook_id = ANY ($2)"
	"   ORDER BY webhook_id FOR UPDATE"
	"), ended AS ("
	"  DELETE FROM pending p USING results r"
	"   WHERE p.webhook_id = ANY (ARRAY(SELECT webhook_id FROM held))"
	"     AND p.webhook_id = r.webhook_id"
	"     AND (p.lease = r.lease AND r.kind IN (0, 2) OR r.kind = 0 AND"
	"       (SELECT d.id FROM delivery_logs d WHERE d.id = r.log_id"
	"         AND d.webhook_id = r.webhook_id"
	"         AND d.id >= $22 AND d.id <= $23) IS NULL)"
	"  RETURNING r.log_id, p.attempts + 1 AS attempts"
	"), retried AS ("
	"  UPDATE pending p SET lease = NULL, due_at = r.due_at +"
	"      CASE WHEN now() - $15 NOT BETWEEN interval '-5 seconds'"
	"        AND interval '5 seconds' THEN now() - $15"
	"        ELSE interval '0' END,"
	"    attempts = p.attempts + 1, retries = p.retries + 1,"
	"    interruptions = 0, attempted_at = now()"
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
	"    duration_ms, response_headers, response_body, dns_us, connect_us,"
	"    tls_us, first_byte_us, signatures)"
	"  SELECT r.log_id, r.webhook_id, r.subscription_id, r.target_url,"
	"    coalesce(m.attempts, r.attempt_number),"
	"    CASE WHEN NOT coalesce(m.final, false) THEN 'Failed Attempt'"
	"      WHEN r.kind = 0 THEN 'Success' ELSE 'Failure' END,"
	"    coalesce(m.final, false), r.status_code,"
	"    CASE WHEN m.log_id IS NOT NULL THEN r.error"
	"      ELSE 'late: ' || coalesce(r.error, 'HTTP ' || r.status_code)"
	"    END, r.duration_ms, r.response_headers, r.response_body,"
	"    r.dns_us, r.connect_us, r.tls_us, r.first_byte_us, r.signatures"
	"    FROM results r LEFT JOIN moved m ON m.log_id = r.log_id"
	"  ON CONFLICT DO NOTHING RETURNING id, webhook_id, subscription_id,"
	"    outcome, final, error, duration_ms"
	"), dead AS (" DELIVERY_DEAD_LETTERS "), tally AS ("
	"  SELECT l.subscription_id,"
	"    count(*) FILTER (WHERE outcome = 'Success') AS successes,"
	"    count(*) FILTER (WHERE outcome = 'Failed Attempt') AS attempts,"
	"    count(*) FILTER (WHERE outcome = 'Failure') AS failures,"
	"    bool_or(r.disable AND l.final) AS gone,"
	"    (array_agg(l.error ORDER BY l.id DESC)"
	"      FILTER (WHERE outcome <> 'Success'))[1] AS reason,"
	"    " TALLIED " AS latency"
	"    FROM logged l JOIN results r ON r.log_id = l.id GROUP BY 1"
	"), counted AS ("
	"  INSERT INTO stats (subscription_id, quarter, successes,"
	"    failed_attempts, failures, latency)"
	"  SELECT subscription_id, date_bin('15 minutes', now(),"
	"    '2000-01-01T00:00:00Z'), successes, attempts, failures, latency"
	"    FROM tally ORDER BY 1"
	"  ON CONFLICT (subscription_id, quarter) DO UPDATE SET"
	"    successes = stats.successes + excluded.successes,"
	"    failed_attempts = stats.failed_attempts +"
	"      excluded.failed_attempts,"
	"    failures = stats.failures + excluded.failures,"
	"    latency = " SUMMED "  RETURNING subscription_id"
	"), felt AS ("
	"  UPDATE subscriptions s SET"
	"    failing_since = CASE WHEN t.successes = 0"
	"      THEN coalesce(s.failing_since, now()) END,"
	"    failing_reason = CASE WHEN t.successes = 0 THEN t.reason END,"
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
add_int_or_null(struct db_params *params, int32_t value, bool is_given)
{
	if (is_given)
		db_array_int(params, value);
	else
		db_array_null(params);
}

static void
add_phase(struct db_params *params, int32_t us)
{
	add_int_or_null(params, us, us >= 0);
}

/* Between which all their ids in the log are: partitions elsewhere are not
 * even opened. */
static void
add_span(
    struct db_params *params, const struct result *const *results, size_t count)
{
	struct uuid least = results[0]->log_id, most = least;

	for (size_t i = 1; i < count; i++)
		uuid_widen(&least, &most, &results[i]->log_id);
	db_add_uuid(params, &least);
	db_add_uuid(params, &most);
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
	COLUMN(DB_INT4,
	    add_int_or_null(params, r->status_code, r->status_code != 0));
	COLUMN(DB_TEXT, db_array_string(params, r->error));
	COLUMN(DB_INT4, db_array_int(params, (int32_t)r->duration_ms));
	COLUMN(DB_TEXT, db_array_string(params, r->response_headers));
	COLUMN(DB_BYTEA,
	    db_array_bytes(params, r->response_body, r->response_body_length));
	COLUMN(DB_BOOL, db_array_bool(params, r->disable));
	db_add_time(params, clock_database_ms());
	db_add_int(params, (int32_t)config.disable_after_hours);
	COLUMN(DB_INT4, add_phase(params, r->phases.dns_us));
	COLUMN(DB_INT4, add_phase(params, r->phases.connect_us));
	COLUMN(DB_INT4, add_phase(params, r->phases.tls_us));
	COLUMN(DB_INT4, add_phase(params, r->phases.first_byte_us));
	COLUMN(DB_TEXT, db_array_string(params, r->signatures));
	add_span(params, results, count);
	return db_start(db, &settle_sql, params, DELIVERY_DEADLINE_MS);
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
