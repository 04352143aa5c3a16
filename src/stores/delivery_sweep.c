/* The keeper's passes over the outbox, and the end of what can never be
 * delivered. */
#include "stores/delivery.h"

#include <stdlib.h>

#include "ground/clock.h"
#include "stores/delivery_lease.h"
#include "stores/store.h"

static const struct db_statement recently_due_sql = { "delivery_recently_due",
	"SELECT p.webhook_id, p.subscription_id, p.due_at FROM pending p"
	"  JOIN subscriptions s ON s.id = p.subscription_id"
	"   AND s.state = 'active'"
	" WHERE p.due_at >= $1 AND p.due_at < $2 AND p.lease IS NULL"
	" ORDER BY p.due_at LIMIT $3" };

/* Due since they were accepted, as if never tried: so the queue takes them in
 * that order, and before what comes while the pages go on. What has failed
 * since the resume keeps the time of its next attempt. Skips what is locked: a
 * settle holds rows and then wants the subscription. */
static const struct db_statement restart_sql = { "delivery_restart",
	"WITH resumed AS ("
	"  SELECT id, restart_after, resumed_at FROM subscriptions"
	"   WHERE restart_after IS NOT NULL AND state = 'active'"
	"   ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
	"), page AS ("
	"  SELECT p.webhook_id FROM resumed r"
	"    JOIN pending p ON p.subscription_id = r.id"
	"   WHERE p.webhook_id > r.restart_after AND p.lease IS NULL"
	"     AND coalesce(p.attempted_at < r.resumed_at, true)"
	"   ORDER BY p.webhook_id LIMIT $1 FOR UPDATE OF p SKIP LOCKED"
	"), moved AS ("
	"  UPDATE pending p SET due_at = least(now(), uuid_time(p.webhook_id))"
	"   WHERE p.webhook_id = ANY (ARRAY(SELECT webhook_id FROM page))"
	"     AND p.lease IS NULL"
	"  RETURNING p.webhook_id, p.subscription_id, p.due_at"
	"), noted AS ("
	"  UPDATE subscriptions s SET restart_after ="
	"    (SELECT webhook_id FROM page ORDER BY webhook_id OFFSET $1 - 1)"
	"    FROM resumed"
	"   WHERE s.id = resumed.id AND s.restart_after = resumed.restart_after"
	")"
	" SELECT m.webhook_id, m.subscription_id, m.due_at"
	"  FROM resumed LEFT JOIN moved m ON true ORDER BY m.webhook_id" };

#define PAGE_COLUMNS \
	"SELECT page.webhook_id, page.subscription_id, page.due_at," \
	"   page.lease IS NULL AND coalesce(s.state = 'active', false)"

static const struct db_statement forward_sql = { "delivery_page_forward",
	PAGE_COLUMNS
	"  FROM (SELECT * FROM pending WHERE webhook_id > $1"
	"         ORDER BY webhook_id LIMIT $2) page"
	"  LEFT JOIN subscriptions s ON s.id = page.subscription_id"
	" ORDER BY page.webhook_id" };

static const struct db_statement backward_sql = { "delivery_page_backward",
	PAGE_COLUMNS
	"  FROM (SELECT * FROM pending WHERE webhook_id < $1"
	"         ORDER BY webhook_id DESC LIMIT $2) page"
	"  LEFT JOIN subscriptions s ON s.id = page.subscription_id"
	" ORDER BY page.webhook_id DESC" };

static const struct db_statement expire_sql = { "delivery_expire",
	"WITH hopeless AS ("
	"  (SELECT p.webhook_id, 'subscription deleted' AS error"
	"    FROM subscriptions s"
	"    JOIN pending p ON p.subscription_id = s.id"
	"   WHERE s.state = 'deleted' AND p.lease IS NULL LIMIT $2)"
	"  UNION ALL"
	"  (SELECT p.webhook_id, 'expired while ' || CASE s.state"
	"      WHEN 'active' THEN 'retrying' ELSE s.state END"
	"    FROM pending p JOIN subscriptions s ON s.id = p.subscription_id"
	"   WHERE p.webhook_id < $1 AND s.state <> 'deleted'"
	"     AND p.lease IS NULL LIMIT $2)"
	"), held AS ("
	"  SELECT p.webhook_id, h.error FROM pending p"
	"    JOIN hopeless h ON h.webhook_id = p.webhook_id"
	"   WHERE p.lease IS NULL"
	"   ORDER BY p.webhook_id FOR UPDATE OF p SKIP LOCKED"
	"), ended AS ("
	"  DELETE FROM pending p USING held"
	"   WHERE p.webhook_id = held.webhook_id AND p.lease IS NULL"
	"  RETURNING p.webhook_id, p.subscription_id, p.attempts, held.error"
	"), logged AS ("
	"  INSERT INTO delivery_logs (id, webhook_id, subscription_id,"
	"    target_url, attempt_number, outcome, final, error)"
	"  SELECT uuid_new(), e.webhook_id, e.subscription_id, s.target_url,"
	"    e.attempts, 'Failure', true, e.error"
	"    FROM ended e JOIN subscriptions s ON s.id = e.subscription_id"
	"  RETURNING webhook_id, subscription_id, outcome, final, error"
	"), dead AS (" DELIVERY_DEAD_LETTERS "), counted AS ("
	"  INSERT INTO stats (subscription_id, quarter, successes,"
	"    failed_attempts, failures)"
	"  SELECT subscription_id, date_bin('15 minutes', now(),"
	"    '2000-01-01T00:00:00Z'), 0, 0, count(*)"
	"    FROM logged GROUP BY 1, 2 ORDER BY 1"
	"  ON CONFLICT (subscription_id, quarter) DO UPDATE SET"
	"    failures = stats.failures + excluded.failures"
	")"
	" SELECT count(*) FROM ended" };

static void
due_add(struct db *db, int row, struct due *due)
{
	*due = (struct due){
		.webhook_id = db_get_uuid(db, row, 0),
		.subscription_id = db_get_uuid(db, row, 1),
		.due_at = db_get_time(db, row, 2),
	};
}

int
delivery_recently_due(struct db *db, int64_t from_ms, int64_t to_ms,
    size_t most, struct due **due)
{
	struct db_params *params = db_params(db);
	int count;

	*due = NULL;
	db_add_time(params, from_ms);
	db_add_time(params, to_ms);
	db_add_long(params, (int64_t)most);
	if (store_run(db, &recently_due_sql, params) == -1)
		return -1;
	count = db_rows(db);
	*due = memory_get((size_t)count * sizeof(**due));
	for (int i = 0; i < count; i++)
		due_add(db, i, &(*due)[i]);
	return count;
}

int
delivery_restart(struct db *db, size_t most, struct due **due, bool *more)
{
	struct db_params *params = db_params(db);
	int rows, count = 0;

	*due = NULL;
	*more = false;
	db_add_long(params, (int64_t)most);
	if (store_run(db, &restart_sql, params) == -1)
		return -1;
	rows = db_rows(db);
	*more = rows != 0;
	*due = memory_get((size_t)rows * sizeof(**due));
	for (int row = 0; row < rows; row++)
		if (!db_is_null(db, row, 0))
			due_add(db, row, &(*due)[count++]);
	return count;
}

int
delivery_page(struct db *db, struct uuid *cursor, bool backward, size_t most,
    struct due **due, size_t *scanned)
{
	struct db_params *params = db_params(db);
	int rows, count = 0;

	*due = NULL;
	*scanned = 0;
	db_add_uuid(params, cursor);
	db_add_long(params, (int64_t)most);
	if (store_run(db, backward ? &backward_sql : &forward_sql, params) ==
	    -1)
		return -1;
	rows = db_rows(db);
	*due = memory_get((size_t)rows * sizeof(**due));
	for (int row = 0; row < rows; row++)
		if (db_get_bool(db, row, 3))
			due_add(db, row, &(*due)[count++]);
	if (rows != 0)
		*cursor = db_get_uuid(db, rows - 1, 0);
	*scanned = (size_t)rows;
	return count;
}

int
delivery_expire(struct db *db, int64_t hours, size_t most)
{
	struct db_params *params = db_params(db);
	struct uuid before = uuid_at(clock_database_ms() - hours * 3600000);

	db_add_uuid(params, &before);
	db_add_long(params, (int64_t)most);
	if (store_run(db, &expire_sql, params) == -1)
		return -1;
	return (int)db_get_long(db, 0, 0);
}
