#include "stores/delivery_lease.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "stores/store.h"

#define DEADLINE_MS 5000
#define SCAN_DEADLINE_MS 20000 /* the lease is in no index */

/* How long an interrupted webhook waits, by its interruptions in a row; at
 * the tenth it fails. */
#define INTERRUPTED \
	" broken AS (" \
	"  UPDATE pending p SET lease = NULL, attempts = p.attempts + 1," \
	"    interruptions = p.interruptions + 1, attempted_at = now()," \
	"    due_at = clock_timestamp() + (ARRAY[0, 2, 10, 30, 60])" \
	"      [least(p.interruptions + 1, 5)] * interval '1 second'" \
	"    FROM held WHERE p.webhook_id = held.webhook_id" \
	"     AND p.lease = held.lease AND p.interruptions < 9" \
	"  RETURNING p.webhook_id, p.subscription_id, p.due_at, p.attempts" \
	"), failed AS (" \
	"  DELETE FROM pending p USING held" \
	"   WHERE p.webhook_id = held.webhook_id AND p.lease = held.lease" \
	"     AND p.interruptions >= 9" \
	"  RETURNING p.webhook_id, p.subscription_id, p.attempts + 1" \
	"    AS attempts" \
	"), moved AS (" \
	"  SELECT webhook_id, subscription_id, attempts, false AS final" \
	"    FROM broken UNION ALL" \
	"  SELECT webhook_id, subscription_id, attempts, true FROM failed" \
	"), logged AS (" \
	"  INSERT INTO delivery_logs (id, webhook_id, subscription_id," \
	"    target_url, attempt_number, outcome, final, error)" \
	"  SELECT uuid_new(), m.webhook_id, m.subscription_id," \
	"    coalesce(s.target_url, ''), m.attempts," \
	"    CASE WHEN final THEN 'Failure' ELSE 'Failed Attempt' END, final," \
	"    'interrupted: the delivery process ended or was cut off before" \
	" the outcome was recorded'" \
	"    FROM moved m LEFT JOIN subscriptions s" \
	"      ON s.id = m.subscription_id" \
	"  RETURNING webhook_id, subscription_id, outcome, final, error" \
	"), dead AS (" DELIVERY_DEAD_LETTERS "), counted AS (" \
	"  INSERT INTO stats (subscription_id, quarter, successes," \
	"    failed_attempts, failures)" \
	"  SELECT subscription_id, date_bin('15 minutes', now()," \
	"    '2000-01-01T00:00:00Z'), 0, count(*) FILTER (WHERE NOT final)," \
	"    count(*) FILTER (WHERE final)" \
	"    FROM logged GROUP BY 1, 2 ORDER BY 1" \
	"  ON CONFLICT (subscription_id, quarter) DO UPDATE SET" \
	"    failed_attempts = stats.failed_attempts +" \
	"      excluded.failed_attempts," \
	"    failures = stats.failures + excluded.failures" \
	")" \
	" SELECT webhook_id, subscription_id, due_at FROM broken UNION ALL" \
	" SELECT webhook_id, subscription_id, NULL FROM failed"

static const struct db_statement break_incarnation_sql = {
	"delivery_break_incarnation",
	"WITH held AS (SELECT webhook_id, lease FROM pending"
	"  WHERE lease >= $1 AND lease <= $2 ORDER BY webhook_id LIMIT $3"
	"  FOR UPDATE)," INTERRUPTED
};

static const struct db_statement break_lease_sql = { "delivery_break_lease",
	"WITH held AS (SELECT webhook_id, lease FROM pending"
	"  WHERE webhook_id = $1 AND lease = $2 FOR UPDATE)," INTERRUPTED };

static const struct db_statement leases_sql = { "delivery_leases",
	"SELECT webhook_id, lease FROM pending WHERE lease IS NOT NULL" };

static const struct db_statement unclaim_sql = { "delivery_unclaim",
	"WITH held AS (SELECT webhook_id FROM pending"
	"  WHERE webhook_id = ANY ($1) AND lease = $2"
	"  ORDER BY webhook_id FOR UPDATE)"
	" UPDATE pending SET lease = NULL,"
	"   due_at = CASE WHEN $3::int4 > 0 THEN"
	"     clock_timestamp() + $3 * interval '1 millisecond'"
	"     ELSE due_at END"
	" WHERE webhook_id = ANY (ARRAY(SELECT webhook_id FROM held))"
	"   AND lease = $2" };

struct uuid
lease_uuid(struct lease lease)
{
	uint64_t halves[2] = { htobe64(lease.incarnation),
		htobe64(lease.sequence) };
	struct uuid uuid;

	memcpy(uuid.bytes, halves, sizeof(uuid.bytes));
	return uuid;
}

struct lease
lease_of_uuid(const struct uuid *uuid)
{
	uint64_t halves[2];

	memcpy(halves, uuid->bytes, sizeof(halves));
	return (struct lease){ .incarnation = be64toh(halves[0]),
		.sequence = be64toh(halves[1]) };
}

static int
due_read(struct db *db, struct due **due)
{
	int count = db_rows(db);

	*due = memory_get((size_t)count * sizeof(**due));
	for (int i = 0; i < count; i++)
		(*due)[i] = (struct due){
			.webhook_id = db_get_uuid(db, i, 0),
			.subscription_id = db_get_uuid(db, i, 1),
			.due_at = db_get_time(db, i, 2),
		};
	return count;
}

int
delivery_break_incarnation(
    struct db *db, uint64_t incarnation, size_t most, struct due **due)
{
	struct db_params *params = db_params(db);
	struct uuid first = lease_uuid((struct lease){ incarnation, 0 });
	struct uuid last =
	    lease_uuid((struct lease){ incarnation, UINT64_MAX });

	*due = NULL;
	db_add_uuid(params, &first);
	db_add_uuid(params, &last);
	db_add_long(params, (int64_t)most);
	if (store_run_until(db, &break_incarnation_sql, params,
		clock_monotonic_ms() + SCAN_DEADLINE_MS) == -1)
		return -1;
	return due_read(db, due);
}

int
delivery_break_lease(struct db *db, const struct uuid *webhook_id,
    struct lease lease, struct due **due)
{
	struct db_params *params = db_params(db);
	struct uuid token = lease_uuid(lease);

	*due = NULL;
	db_add_uuid(params, webhook_id);
	db_add_uuid(params, &token);
	if (store_run(db, &break_lease_sql, params) == -1)
		return -1;
	return due_read(db, due);
}

int
delivery_leases(struct db *db, struct held **held)
{
	struct uuid token;
	int count;

	*held = NULL;
	if (store_run_until(db, &leases_sql, NULL,
		clock_monotonic_ms() + SCAN_DEADLINE_MS) == -1)
		return -1;
	count = db_rows(db);
	*held = memory_get((size_t)count * sizeof(**held));
	for (int i = 0; i < count; i++) {
		(*held)[i].webhook_id = db_get_uuid(db, i, 0);
		token = db_get_uuid(db, i, 1);
		(*held)[i].lease = lease_of_uuid(&token);
	}
	return count;
}

int
delivery_unclaim_start(struct db *db, const struct uuid *webhook_ids,
    size_t count, struct lease lease, int64_t delay_ms)
{
	struct db_params *params = db_params(db);
	struct uuid token = lease_uuid(lease);

	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++)
		db_array_uuid(params, &webhook_ids[i]);
	db_array_end(params);
	db_add_uuid(params, &token);
	db_add_int(params, (int32_t)delay_ms);
	return db_start(db, &unclaim_sql, params, DEADLINE_MS);
}
